"""The initial programs of a search: the empty program, random ones, or one that the config names."""

from __future__ import annotations

from automl_zero.config import Config, ConfigError
from automl_zero.program.program import COMPONENTS, AddressCounts, Program, ProgramError
from automl_zero.run.record.program_lookup import load_program


def initial_programs(config: Config) -> list[Program] | None:
    """Return the programs that each island starts from, as ``program.initial`` says; None for random programs.

    Raises:
        ConfigError, ProgramError, StoreError: there is no such program, or it does not fit the memory or the sizes.
    """
    name = config.program.initial
    if name == "random":
        return None
    program = Program() if name == "empty" else _load(name)
    try:
        program.check_fits(AddressCounts(**config.memory.model_dump()), config.program.max_sizes)
    except ProgramError as error:
        raise ProgramError(f"program.initial = '{name}': {error}") from None
    _check_least_sizes(program, config)
    return [program]


def _load(name: str) -> Program:
    try:
        return load_program(name)
    except ProgramError as error:
        remedy = "if the file of a run has moved, add --set program.initial=NEW"
        raise ProgramError(f"program.initial: {error}; {remedy}") from None


def _check_least_sizes(program: Program, config: Config) -> None:
    for name, component, least in zip(COMPONENTS, program, config.program.min_sizes, strict=True):
        if len(component) < least:
            raise ConfigError(
                f"program.initial = '{config.program.initial}' has {len(component)} instructions in {name}, but "
                f"program.min_sizes asks for {least}: lower it, or begin with 'random'"
            )
