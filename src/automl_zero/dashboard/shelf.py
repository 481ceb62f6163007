"""The runs of some folders, by name. Nothing outside of these folders is ever opened.

A name that comes from a browser is looked up among the names that were found, and never made into a path.
"""

from __future__ import annotations

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
                found[f"{number}/{root.resolve().name if inner == '.' else inner}"] = path
    return found


def _below(path: Path, root: Path, depth: int) -> Iterator[Path]:
    if not _is_inside(path, root):
        return
    if _is_inside(path / CONFIG, root) and _is_inside(path / EVENTS, root):
        yield path
    elif depth:
        for each in sorted(each for each in path.iterdir() if each.is_dir() and not each.name.startswith(".")):
            yield from _below(each, root, depth - 1)


def _is_inside(path: Path, root: Path) -> bool:
    """Whether it is there, and not by a link in another folder."""
    return path.exists() and path.resolve().is_relative_to(root)
