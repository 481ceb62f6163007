"""The initial programs of a search: the empty program, random ones, or those that the config names, perhaps tuned."""

from __future__ import annotations

from collections.abc import Sequence

from automl_zero.config import Config, ConfigError
from automl_zero.config.paths import EMPTY, RANDOM
from automl_zero.program.program import COMPONENTS, AddressCounts, Program, ProgramError
from automl_zero.run.experiment import search_tasks
from automl_zero.run.record.program_lookup import load_program
from automl_zero.run.scoring.tune import TuningLimits, tune
from automl_zero.system.processors import usable_processors
from automl_zero.vm.stop_flag import StopFlag

# Of a factor in the tuning. Where a net has only its product to determine, such as that of its two layers, more would
# let constants drift to sizes from which evolution hardly comes back: a rate of 1e-5 has no use for its arctangent.
DECADES = 1.0


def initial_programs(config: Config) -> list[Program] | None:
    """Return the programs that each island starts from, as ``program.initial`` says; None for random programs.

    Raises:
        ConfigError, ProgramError, StoreError: there is no such program, or it does not fit the memory or the sizes.
    """
    if config.program.initial == RANDOM:
        return None
    return [_initial_program(name, config) for name in config.program.initial_names]


def tuned_programs(programs: Sequence[Program], config: Config, stop: StopFlag | None = None) -> list[Program]:
    """Return the programs with constants that are tuned on the search tasks, as ``program.tune_initial`` says.

    The tasks are those of the first experiment on the first island, so that all islands and experiments start from the
    same programs.

    Raises:
        Stopped: the flag was raised meanwhile.
        TaskError: the tasks cannot be built.

    Example:
        >>> from automl_zero.config import load_config
        >>> from automl_zero.program.library import library_program
        >>> config = load_config("linear", ["program.tune_initial=20"])
        >>> given = library_program("linear_regression")
        >>> (tuned,) = tuned_programs([given], config)
        >>> (given.setup[0].data, given.predict) == (tuned.setup[0].data, tuned.predict)
        False
    """
    trials = config.program.tune_initial
    if not trials:
        return list(programs)
    own = config.of_island(0)
    tasks, stop = search_tasks(own, 0)[0], stop or StopFlag()
    limits = TuningLimits(stop=stop, decades=DECADES)
    tuned = [tune(each, tasks, own, trials, usable_processors(), limits=limits).program for each in programs]
    stop.check()  # a tuning that was cut keeps what it has, which is not what the config says
    return tuned


def _initial_program(name: str, config: Config) -> Program:
    program = Program() if name == EMPTY else _load(name)
    try:
        program.check_fits(AddressCounts(**config.memory.model_dump()), config.program.max_sizes)
    except ProgramError as error:
        raise ProgramError(f"program.initial = '{name}': {error}") from None
    _check_least_sizes(name, program, config)
    return program


def _load(name: str) -> Program:
    try:
        return load_program(name)
    except ProgramError as error:
        remedy = "if the file of a run has moved, add --set program.initial=NEW"
        raise ProgramError(f"program.initial: {error}; {remedy}") from None


def _check_least_sizes(initial: str, program: Program, config: Config) -> None:
    for name, component, least in zip(COMPONENTS, program, config.program.min_sizes, strict=True):
        if len(component) < least:
            raise ConfigError(
                f"program.initial = '{initial}' has {len(component)} instructions in {name}, but "
                f"program.min_sizes asks for {least}: lower it, or begin with 'random'"
            )
