"""Files that a config names, made absolute when it is read: a run can then go on, and be looked at, from any folder.

On the command line, a path is relative to the working folder. In a file it is relative to the folder of that file;
where nothing is there, to the working folder. Names, such as ``sklearn:wine`` or those of library programs, stay names,
and so does what is not found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from automl_zero.terminal.printable import printable

NAMED_TABLES = ("sklearn:", "openml:")  # begin the names of tables that are no files
IMAGES = ".npz"  # ends the names of files of images
BEGINNINGS = ("empty", "random")  # of a search, which are no programs

TABLE, DATASET, INITIAL = ("tasks", "table", "path"), ("tasks", "dataset"), ("program", "initial")


def make_absolute(values: dict[str, Any], folder: Path) -> None:
    """Make the paths in the plain values of a config absolute that lead to something from that folder.

    Values that are none of a config are left to those who check them.
    """
    for _, section, key in files_in(values):
        section[key] = _absolute(section[key], folder)


def files_in(values: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], dict[str, Any], str]]:
    """Where plain values name files: which key of a config it is, and the section and the key in it."""
    for part in (values, *_groups(values)):
        for place, is_file in _FILES.items():
            section: Any = part
            for name in place[:-1]:
                section = section.get(name) if isinstance(section, dict) else None
            if isinstance(section, dict) and isinstance(value := section.get(place[-1]), str) and is_file(value):
                yield place, section, place[-1]


def _groups(values: dict[str, Any]) -> list[dict[str, Any]]:
    islands = values.get("islands")
    groups = islands.get("groups") if isinstance(islands, dict) else None
    return [each for each in groups if isinstance(each, dict)] if isinstance(groups, list | tuple) else []


def _absolute(path: str, folder: Path) -> str:
    """The path as it is where it leads to nothing, or where its absolute form cannot be written to a config."""
    try:
        found = (folder / path).absolute()
        is_there = found.exists()
    except (OSError, ValueError):  # nothing can have such a name
        return path
    return str(found) if is_there and printable(str(found)) == str(found) else path


def _is_program(name: str) -> bool:
    return name not in ("", *BEGINNINGS) and name not in _known_programs()


@cache
def _known_programs() -> frozenset[str]:
    """Names of the library, which stands above."""
    known = resources.files("automl_zero") / "program" / "known"
    return frozenset(file.name.removesuffix(".txt") for file in known.iterdir())


_FILES: dict[tuple[str, ...], Callable[[str], bool]] = {
    TABLE: lambda name: name != "" and not name.startswith(NAMED_TABLES),
    DATASET: lambda name: name.endswith(IMAGES),
    INITIAL: _is_program,
}
