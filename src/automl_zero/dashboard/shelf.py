"""The runs of some folders, by name. Nothing outside of these folders is ever opened.

A name that comes from a browser is looked up among the names that were found, and never made into a path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from automl_zero.run.store import CONFIG, EVENTS

DEEPEST, MOST_RUNS = 3, 1000


def runs_of(roots: Sequence[Path]) -> Mapping[str, Path]:
    """Run folders by their names, which begin with the number of their root; a root may be a run folder itself."""
    found: dict[str, Path] = {}
    for number, root in enumerate(roots):
        for path in _below(root, root.resolve(), DEEPEST):
            if len(found) < MOST_RUNS:
                inner = path.relative_to(root).as_posix()
                found[_plain(f"{number}/{root.resolve().name if inner == '.' else inner}")] = path
    return found


def _below(path: Path, root: Path, depth: int) -> Iterator[Path]:
    if not _is_inside(path, root):
        return
    if _is_file_inside(path / CONFIG, root) and _is_file_inside(path / EVENTS, root):
        yield path
    elif depth:
        for each in _folders_in(path):
            yield from _below(each, root, depth - 1)


def _folders_in(path: Path) -> list[Path]:
    """Those that are not hidden; none of a folder that cannot be read, or has just been removed."""
    try:
        return sorted(each for each in path.iterdir() if each.is_dir() and not each.name.startswith("."))
    except OSError:
        return []


def _is_file_inside(path: Path, root: Path) -> bool:
    """Whether it is a file that can be read to its end, unlike a pipe or a device."""
    return _is_inside(path, root) and path.is_file()


def _is_inside(path: Path, root: Path) -> bool:
    """Whether it is there, and not by a link in another folder."""
    try:
        return path.exists() and path.resolve().is_relative_to(root)
    except OSError:  # it cannot be looked at
        return False


def _plain(name: str) -> str:
    """A name that a browser can send back, though names of folders may be any bytes."""
    return os.fsencode(name).decode(errors="replace")
