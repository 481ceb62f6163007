"""The index of the runs in some folders, by name; nothing outside of them is opened, and no link in them is followed.

A name from a browser is looked up in the index, and never turned into a path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from automl_zero.dashboard.server.single_flight import SingleFlight
from automl_zero.run.record.run_folder import CONFIG, EVENTS

DEEPEST, MAX_RUNS = 3, 1000
MAX_NAMES = 20_000  # entries that are read of one folder


@dataclass(frozen=True, slots=True)
class IndexedRun:
    """A run folder, and the root folder that contains it, below which no link is followed."""

    path: Path
    root: Path


class RunIndex:
    """The index of runs, which is updated whenever all runs are asked for."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._found: Mapping[str, IndexedRun] = {}
        self._runs = SingleFlight(lambda: runs_of(roots))

    def runs(self) -> Mapping[str, IndexedRun]:
        """Return all runs, by name."""
        self._found = self._runs.value()
        return self._found

    def run(self, name: str) -> IndexedRun:
        """Return the run of this name.

        Raises:
            LookupError: there is none.
        """
        run = self._found.get(name)
        return run if run and _is_run(_entries(run.path)) else self.runs()[name]


def runs_of(roots: Sequence[Path]) -> Mapping[str, IndexedRun]:
    """Return runs by their names, which begin with the number of the root; a root may be a run folder itself."""
    found = (
        (_plain(f"{number}/{_name_in(root, path)}"), IndexedRun(path, root))
        for number, root in enumerate(roots)
        for path in _below(root, DEEPEST)
    )
    return dict(islice(found, MAX_RUNS))


def _name_in(root: Path, path: Path) -> str:
    inner = path.relative_to(root).as_posix()
    return root.resolve().name if inner == "." else inner


def _below(path: Path, depth: int) -> Iterator[Path]:
    entries = _entries(path)
    if _is_run(entries):
        yield path
    elif depth:
        for name in sorted(name for name, each in entries.items() if _is_folder(each)):
            yield from _below(path / name, depth - 1)


def _entries(path: Path) -> dict[str, os.DirEntry[str]]:
    """Return the entries of a folder; none if it cannot be read, or has just been removed."""
    try:
        with os.scandir(path) as entries:
            return {each.name: each for each in islice(entries, MAX_NAMES)}
    except OSError:
        return {}


def _is_run(entries: Mapping[str, os.DirEntry[str]]) -> bool:
    """Return whether a folder has the files of a run, as regular files: no links, pipes or devices."""
    return all(name in entries and entries[name].is_file(follow_symlinks=False) for name in (CONFIG, EVENTS))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder that is not hidden."""
    return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)


def _plain(name: str) -> str:
    """Return a name that a browser can send back, as folders may be named by any bytes."""
    return os.fsencode(name).decode(errors="replace")
