"""The paths in a config, made absolute when it is read, so that a run can be resumed and shown from any folder.

On the command line, a path is relative to the working folder. In a file, it is relative to the folder of that file, or
else to the working folder if it does not exist there. Names that are not paths, such as ``sklearn:wine`` or those of
library programs, and paths that do not exist are left unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from automl_zero.terminal.printable import printable

SKLEARN, OPENML = NAMED_TABLES = ("sklearn:", "openml:")  # prefixes of tables that are not files
IMAGE_FILE = ".npz"  # the ending of files of images
INITIAL_CHOICES = EMPTY, RANDOM = ("empty", "random")  # values of program.initial that are not programs

TABLE, DATASET, INITIAL = ("tasks", "table", "path"), ("tasks", "dataset"), ("program", "initial")


def make_absolute(values: dict[str, Any], folder: Path) -> None:
    """Make the paths in the plain values of a config absolute, in place, if they exist relative to ``folder``.

    Values of other types than a config has are left to the later check.
    """
    for _, section, key in files_in(values):
        section[key] = _absolute(section[key], folder)


def files_in(values: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield the paths in plain values: the location in the config, and the section and key that hold the path.

    Of a key with a list of paths, each is yielded, with the list in place of the section, and the index there.
    """
    for part in (values, *_groups(values)):
        for location, is_file in _FILES.items():
            section: Any = part
            for name in location[:-1]:
                section = section.get(name) if isinstance(section, dict) else None
            value = section.get(location[-1]) if isinstance(section, dict) else None
            if _is_file(value, is_file):
                yield location, section, location[-1]
            elif isinstance(value, list):
                yield from ((location, value, k) for k in range(len(value)) if _is_file(value[k], is_file))


def _is_file(value: Any, is_file: Callable[[str], bool]) -> bool:
    return isinstance(value, str) and is_file(value)


def _groups(values: dict[str, Any]) -> list[dict[str, Any]]:
    islands = values.get("islands")
    groups = islands.get("groups") if isinstance(islands, dict) else None
    return [each for each in groups if isinstance(each, dict)] if isinstance(groups, list | tuple) else []


def _absolute(path: str, folder: Path) -> str:
    """Return the absolute path; the path itself if it does not exist, or cannot be written to a config."""
    try:
        found = (folder / path).absolute()
        is_there = found.exists()
    except (OSError, ValueError):  # a name that no file can have
        return path
    return str(found) if is_there and printable(str(found)) == str(found) else path


def _is_program(name: str) -> bool:
    return name not in ("", *INITIAL_CHOICES) and name not in _known_programs()


@cache
def _known_programs() -> frozenset[str]:
    """Return the names of the library programs, from their files, as the library is in a higher layer."""
    known = resources.files("automl_zero") / "program" / "known"
    return frozenset(file.name.removesuffix(".txt") for file in known.iterdir())


_FILES: dict[tuple[str, ...], Callable[[str], bool]] = {
    TABLE: lambda name: name != "" and not name.startswith(NAMED_TABLES),
    DATASET: lambda name: name.endswith(IMAGE_FILE),
    INITIAL: _is_program,
}
