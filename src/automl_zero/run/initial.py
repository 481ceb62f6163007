"""Programs given by name or file: what a search begins with, and what is evaluated."""

from __future__ import annotations

from pathlib import Path

from automl_zero.config import Config, ConfigError
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import COMPONENTS, AddressCounts, Program, ProgramError
from automl_zero.program.text import from_text


def load_program(name_or_path: str) -> Program:
    """The library program of that name, or the one in a file of program text.

    Raises:
        ProgramError: there is neither, or the file holds no program; the message names it.
    """
    if name_or_path in LIBRARY:
        return library_program(name_or_path)
    try:
        return from_text(Path(name_or_path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(LIBRARY)
        raise ProgramError(f"no file and no library program '{name_or_path}': the library has {known}") from None
    except OSError as error:
        raise ProgramError(f"{name_or_path} cannot be read ({error.strerror}): check the path") from None
    except UnicodeDecodeError:
        raise ProgramError(f"{name_or_path} is not a text file: write the program as UTF-8 text") from None
    except ProgramError as error:
        raise ProgramError(f"{name_or_path}: {error}") from None


def initial_programs(config: Config) -> list[Program] | None:
    """What each island begins with, as ``program.initial`` says; None stands for random programs.

    Raises:
        ConfigError, ProgramError: there is no such program, or it does not fit the memory or the sizes.
    """
    name = config.program.initial
    if name == "random":
        return None
    program = Program() if name == "empty" else load_program(name)
    try:
        program.check_fits(AddressCounts(**config.memory.model_dump()), config.program.max_sizes)
    except ProgramError as error:
        raise ProgramError(f"program.initial = '{name}': {error}") from None
    _check_least_sizes(program, config)
    return [program]


def _check_least_sizes(program: Program, config: Config) -> None:
    for name, component, least in zip(COMPONENTS, program, config.program.min_sizes, strict=True):
        if len(component) < least:
            raise ConfigError(
                f"program.initial = '{config.program.initial}' has {len(component)} instructions in {name}, but "
                f"program.min_sizes asks for {least}: lower it, or begin with 'random'"
            )
