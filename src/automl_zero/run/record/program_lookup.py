"""The lookup of programs by name: one of the library, one in a file, or the best one of a run folder.

Every command and config that takes the name of a program uses it, so that a name means the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from automl_zero.config import Config
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import Program, ProgramError
from automl_zero.program.text import from_text
from automl_zero.run.record import folder_files
from automl_zero.run.record.run_folder import BEST, PROGRAMS, StoreError, read_config
from automl_zero.system.safe_files import read_regular

LONGEST = 1 << 23  # bytes of a program's text; three component functions of 10,000 instructions have less


@dataclass(frozen=True, slots=True)
class FoundProgram:
    """A program that was found by its name.

    Attributes:
        name: its name in the library, the name of the file without its ending, or that of the run.
        program: the program.
        text: its text as written, with comments.
        multiclass: whether label and prediction are the vectors v1 and v2; None if that is unknown.
        folder, config: those of the run that found it; None for others.
    """

    name: str
    program: Program
    text: str
    multiclass: bool | None = None
    folder: Path | None = None
    config: Config | None = None


def load_program(name: str) -> Program:
    """Return the program of this name, as ``find_program`` finds it, with the same errors."""
    return find_program(name).program


def find_program(name: str) -> FoundProgram:
    """Find the library program of this name, the program in a text file, or the best program of a run folder.

    The best program of a run is its result; before there is one, the best on its select tasks, then on its search
    tasks.

    Raises:
        ProgramError: there is none of them, or the file holds no program; the message suggests a similar name.
        StoreError: it is a folder but not that of a run, or the run has no program yet.
    """
    if name in LIBRARY:
        entry = LIBRARY[name]
        return FoundProgram(name, library_program(name), entry.text, entry.multiclass)
    if _is_folder(Path(name)):
        return _of_run(Path(name))
    text = _text_of(name)
    return FoundProgram(Path(name).stem, _parsed(text, name), text)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # the name is not possible
        return False


def _of_run(folder: Path) -> FoundProgram:
    config = read_config(folder)
    names = (f"{BEST}/{each}.txt" for each in reversed(PROGRAMS))
    found = ((folder / name, folder_files.read_if_there(folder, name, LONGEST)) for name in names)
    file, content = next(((file, content) for file, content in found if content is not None), (folder, None))
    if content is None:
        raise StoreError(f"{folder} has no program yet: let the run continue, with 'resume' if it was stopped")
    text = _decoded(content, str(file))
    return FoundProgram(
        name=config.name,
        program=_parsed(text, str(file)),
        text=text,
        multiclass=config.tasks.num_classes > 2,
        folder=folder,
        config=config,
    )


def _text_of(name: str) -> str:
    try:
        return _decoded(read_regular(Path(name), LONGEST), name)
    except FileNotFoundError:
        raise ProgramError(f"no library program, file or run folder '{name}': {_hint(name)}") from None
    except ProgramError:
        raise
    except (OSError, ValueError) as error:  # ValueError: no file can have such a name
        reason = error.strerror if isinstance(error, OSError) else error
        raise ProgramError(f"{name!r} cannot be read ({reason}): check the path") from None


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ProgramError(f"{name} is not a text file: write the program as UTF-8 text") from None


def _hint(name: str) -> str:
    """Suggest a similar name: a program of the library, or an entry of the folder that the name points into."""
    places = {each.name: str(each) for each in _siblings(Path(name))} | {each: each for each in LIBRARY}
    near = get_close_matches(Path(name).name, places, n=1)
    return f"did you mean {places[near[0]]}?" if near else f"the library has {', '.join(LIBRARY)}"


def _siblings(path: Path) -> list[Path]:
    try:
        return list(path.parent.iterdir())
    except OSError:
        return []


def _parsed(text: str, name: str) -> Program:
    try:
        return from_text(text)
    except ProgramError as error:
        raise ProgramError(f"{name}: {error}") from None
