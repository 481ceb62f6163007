"""The ancestry of every living program: its ancestors that were fitter than their own parents, back to the start.

Here, the creation of such an ancestor is a *birth*. Of a long line of ancestors, only those are stored that were fitter
than all earlier ones on their island, so that memory does not grow with the length of a search. What is reported of a
program does not depend on when others were pruned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.program.text import to_text
from automl_zero.run.checkpoint.snapshot import Arrays
from automl_zero.run.checkpoint.validation import are_valid_programs
from automl_zero.run.islands.engine import EpochResult
from automl_zero.run.record.events import Ancestor
from automl_zero.run.record.run_folder import StoreError
from automl_zero.search.lineage_log import FIELDS, MUTATION_NAMES, Ancestors, no_ancestors
from automl_zero.search.population import decode

PREFIX = "lineage."  # of the names of its arrays
Birthplace = tuple[int, int]  # the island of a birth, and the number of the program there
MIN_BIRTHS = 1000  # at least as many are stored before those without living descendants are pruned


class LineageTracker:
    """The births on all islands of one experiment; they share a tracker, since programs migrate between them."""

    def __init__(self) -> None:
        self._ancestors = [no_ancestors()]
        self._links: dict[int, tuple[int, int, int]] = {}  # (parent birth, island, number there) by the identity
        self._num_needed = 0  # births that were left by the latest pruning
        self._living: Sequence[NDArray[np.uint64]] | None = None  # closest births of living programs; None: unknown

    def add(self, result: EpochResult) -> None:
        """Add the births of an epoch; nothing is pruned as long as the living programs of an island are unknown."""
        for each in (stats.ancestors for stats in result.epoch_stats if len(stats.ancestors.identity)):
            self._ancestors.append(each)
            self._links |= _links(each)
        known = [each.living for each in result.latest if each]
        self._living = [*known, *result.travelling] if len(known) == len(result.latest) else None
        if len(self._links) > max(MIN_BIRTHS, 2 * self._num_needed):
            self._prune()

    def _prune(self) -> None:
        """Drop the births that no ancestry of a living program reports; the others stay in their order."""
        ancestors = _concatenate(self._ancestors)
        if self._living is not None:
            rows = _rows(ancestors)
            living = [each for each in np.unique(np.concatenate(self._living)).tolist() if each in rows]
            needed = set().union(*(_reported_rows(ancestors, rows, each) for each in living))
            ancestors = _select(_relink(ancestors, rows, needed), sorted(needed))
        self._replace(ancestors)

    def _replace(self, ancestors: Ancestors) -> None:
        """Store these births and no others."""
        self._ancestors, self._links, self._num_needed = [ancestors], _links(ancestors), len(ancestors.identity)

    def ancestry(self, identity: int) -> tuple[Ancestor, ...]:
        """Return the reported ancestors of a birth and the birth itself, oldest first; none for identity 0."""
        ancestors = _concatenate(self._ancestors)
        ends = np.cumsum(ancestors.size.sum(axis=1))
        rows = sorted(_reported_rows(ancestors, _rows(ancestors), identity))
        return tuple(_ancestor(ancestors, row, int(ends[row])) for row in rows)

    def birthplaces_elsewhere(self, identities: Sequence[int], islands: Sequence[int]) -> list[Birthplace | None]:
        """For each birth and island, return the birthplace of the last ancestor that was born on another island."""
        found: list[Birthplace | None] = []
        for identity, island in zip(identities, islands, strict=True):
            link = self._links.get(identity)
            while link is not None and link[1] == island:
                link = self._links.get(link[0])
            found.append(link and link[1:])
        return found

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The state of the tracker, by names such as ``lineage.before``."""
        self._prune()
        return {f"{PREFIX}{name}": getattr(self._ancestors[0], name) for name in FIELDS}

    def restore(self, arrays: Arrays, config: Config) -> None:
        """Restore a saved state.

        Raises:
            StoreError: no search of this config can have such a lineage.
        """
        ancestors = Ancestors(*(arrays.get(f"{PREFIX}{name}", np.zeros(0)) for name in FIELDS))
        if not _is_valid(ancestors, config) or len(arrays) != len(FIELDS):
            raise StoreError(
                "the checkpoint's lineage is none that a search could have: remove it, so that the one before is used"
            )
        self._replace(ancestors)
        self._living = None


def _links(ancestors: Ancestors) -> dict[int, tuple[int, int, int]]:
    links = zip(ancestors.before.tolist(), ancestors.island.tolist(), ancestors.born.tolist(), strict=True)
    return dict(zip(ancestors.identity.tolist(), links, strict=True))


def _rows(ancestors: Ancestors) -> dict[int, int]:
    """Return the row of each birth, by its identity."""
    return {identity: row for row, identity in enumerate(ancestors.identity.tolist())}


def _line(ancestors: Ancestors, rows: Mapping[int, int], identity: int) -> Iterator[int]:
    """Yield the rows of a birth and of its ancestors, back to the start."""
    while identity in rows:
        row = rows[identity]
        yield row
        identity = int(ancestors.before[row])


def _reported_rows(ancestors: Ancestors, rows: Mapping[int, int], identity: int) -> set[int]:
    """Return the rows that the ancestry of a birth reports.

    They are the ancestors that were fitter than all earlier ones on the same island, the last ancestor from another
    island, and the birth itself.
    """
    line = list(_line(ancestors, rows, identity))
    elsewhere = (row for row in line if ancestors.island[row] != ancestors.island[line[0]])
    reported, peaks = {*line[:1], *islice(elsewhere, 1)}, dict[int, float]()
    for row in reversed(line):
        island, fitness = int(ancestors.island[row]), float(ancestors.fitness[row])
        if fitness > peaks.get(island, -np.inf):
            peaks[island] = fitness
            reported.add(row)
    return reported


def _relink(ancestors: Ancestors, rows: Mapping[int, int], needed: set[int]) -> Ancestors:
    """Let ``before`` of each needed row point to the next needed row of its line, or be 0."""
    before = ancestors.before.copy()
    for row in needed:
        line = _line(ancestors, rows, int(ancestors.before[row]))
        before[row] = next((ancestors.identity[each] for each in line if each in needed), np.uint64(0))
    return ancestors._replace(before=before)


def _concatenate(parts: Sequence[Ancestors]) -> Ancestors:
    """Join births in their order; of one that was reported twice, the first stays."""
    ancestors = Ancestors(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    _, first = np.unique(ancestors.identity, return_index=True)
    return ancestors if len(first) == len(ancestors.identity) else _select(ancestors, sorted(first.tolist()))


def _select(ancestors: Ancestors, rows: Sequence[int]) -> Ancestors:
    """Return these births alone, with their programs."""
    lengths = ancestors.size.sum(axis=1)
    is_selected = np.zeros(len(lengths), np.bool_)
    is_selected[list(rows)] = True
    of_programs = np.repeat(is_selected, lengths)
    arrays: Iterator[tuple[str, NDArray[Any]]] = zip(FIELDS, ancestors, strict=True)
    return Ancestors(**{name: each[of_programs if name in ("code", "data") else is_selected] for name, each in arrays})


def _ancestor(ancestors: Ancestors, row: int, end: int) -> Ancestor:
    """Return a birth as it is reported; its program ends before row ``end`` of ``code``."""
    mutation = int(ancestors.mutation[row])
    return Ancestor(
        island=int(ancestors.island[row]),
        island_programs=int(ancestors.born[row]),
        mutation=MUTATION_NAMES[mutation] if mutation >= 0 else "none",
        parent_fitness=float(ancestors.parent_fitness[row]),
        fitness=float(ancestors.fitness[row]),
        program=to_text(_program(ancestors, row, end)),
    )


def _program(ancestors: Ancestors, row: int, end: int) -> Program:
    size = ancestors.size[row]
    start = np.concatenate([[0], np.cumsum(size)]) + end - size.sum()
    return decode(ancestors.code, ancestors.data, size, start)


def _is_valid(ancestors: Ancestors, config: Config) -> bool:
    """Return whether types and shapes are those of ancestors, and every row can be reported."""
    found: list[NDArray[Any]] = list(ancestors)
    right: list[NDArray[Any]] = list(no_ancestors())
    count = ancestors.identity.shape[:1]
    fits = all(
        one.dtype == other.dtype and one.ndim == other.ndim and one.shape[1:] == other.shape[1:]
        for one, other in zip(found, right, strict=True)
    )
    if not fits or any(getattr(ancestors, name).shape[:1] != count for name in FIELDS if name not in ("code", "data")):
        return False
    rows = _rows(ancestors)
    return bool(
        (ancestors.size >= 0).all()
        and len(ancestors.code) == len(ancestors.data) == ancestors.size.sum()
        and are_valid_programs(ancestors.code, ancestors.data, config)
        and ((ancestors.mutation >= -1) & (ancestors.mutation < len(MUTATION_NAMES))).all()
        # Ancestors come before their descendants, so that every line ends.
        and all(rows.get(before, -1) < row for row, before in enumerate(ancestors.before.tolist()))
    )
