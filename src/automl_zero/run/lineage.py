"""The way to every program that lives: its ancestors that were fitter than their own parents, back to the beginning.

Of a long way, only those are kept that were fitter than all before them on their island, so that a search of days needs
no more room than one of hours. What is told of a program does not depend on when others were forgotten.
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
from automl_zero.run.checkpoint.validation import are_programs
from automl_zero.run.islands.engine import EpochResult
from automl_zero.run.record.events import Ancestor
from automl_zero.run.record.run_folder import StoreError
from automl_zero.search.lineage_log import FIELDS, MUTATION_NAMES, Ancestors, no_ancestors
from automl_zero.search.population import decode

PREFIX = "lineage."  # of the names of its arrays
Immigrant = tuple[int, int]  # where a birth happened: the island, and the number of the program there
CROWDED = 1000  # births that are kept at least before those of the dead are forgotten


class LineageTracker:
    """Of all islands of an experiment, since programs move between them."""

    def __init__(self) -> None:
        self._ancestors = [no_ancestors()]
        self._places: dict[int, tuple[int, int, int]] = {}  # (before, island, born) by the identity of each birth
        self._needed = 0  # births, when it was looked at last
        self._living: Sequence[NDArray[np.uint64]] | None = None

    def add(self, brood: EpochResult) -> None:
        """Take in what an epoch has brought forth; as long as an island is not known, nothing is forgotten."""
        for each in (epoch_stats.ancestors for epoch_stats in brood.epoch_stats if len(epoch_stats.ancestors.identity)):
            self._ancestors.append(each)
            self._places |= _places(each)
        known = [each.living for each in brood.latest if each]
        self._living = [*known, *brood.travelling] if len(known) == len(brood.latest) else None
        if len(self._places) > max(CROWDED, 2 * self._needed):
            self._forget()

    def _forget(self) -> None:
        """Keep what may still be told of the living, in the order in which it came."""
        ancestors = _joined(self._ancestors)
        if self._living is not None:
            rows = _rows(ancestors)
            living = [each for each in np.unique(np.concatenate(self._living)).tolist() if each in rows]
            kept = set().union(*(_telling(ancestors, rows, each) for each in living))
            ancestors = _chosen(_relinked(ancestors, rows, kept), sorted(kept))
        self._hold(ancestors)

    def _hold(self, ancestors: Ancestors) -> None:
        """These and no others."""
        self._ancestors, self._places, self._needed = [ancestors], _places(ancestors), len(ancestors.identity)

    def ancestry(self, identity: int) -> tuple[Ancestor, ...]:
        """The telling births on the way to one of them, oldest first; 0 has none."""
        ancestors = _joined(self._ancestors)
        ends = np.cumsum(ancestors.size.sum(axis=1))
        rows = sorted(_telling(ancestors, _rows(ancestors), identity))
        return tuple(_told(ancestors, row, int(ends[row])) for row in rows)

    def foreign(self, identities: Sequence[int], islands: Sequence[int]) -> list[Immigrant | None]:
        """Of each birth, the last one on the way to it that happened elsewhere than on this island, if one did."""
        found: list[Immigrant | None] = []
        for identity, island in zip(identities, islands, strict=True):
            place = self._places.get(identity)
            while place is not None and place[1] == island:
                place = self._places.get(place[0])
            found.append(place and place[1:])
        return found

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All of it, by names such as ``lineage.before``."""
        self._forget()
        return {f"{PREFIX}{name}": getattr(self._ancestors[0], name) for name in FIELDS}

    def restore(self, arrays: Arrays, config: Config) -> None:
        """Go on from what was kept.

        Raises:
            StoreError: it cannot be what was kept.
        """
        ancestors = Ancestors(*(arrays.get(f"{PREFIX}{name}", np.zeros(0)) for name in FIELDS))
        if not _is_sound(ancestors, config) or len(arrays) != len(FIELDS):
            raise StoreError(
                "the checkpoint's lineage is none that a search could have: remove it, so that the one before is used"
            )
        self._hold(ancestors)
        self._living = None


def _places(ancestors: Ancestors) -> dict[int, tuple[int, int, int]]:
    facts = zip(ancestors.before.tolist(), ancestors.island.tolist(), ancestors.born.tolist(), strict=True)
    return dict(zip(ancestors.identity.tolist(), facts, strict=True))


def _rows(ancestors: Ancestors) -> dict[int, int]:
    """By the identity of each birth."""
    return {identity: row for row, identity in enumerate(ancestors.identity.tolist())}


def _way(ancestors: Ancestors, rows: Mapping[int, int], identity: int) -> Iterator[int]:
    """The rows on the way from a birth back to the beginning."""
    while identity in rows:
        row = rows[identity]
        yield row
        identity = int(ancestors.before[row])


def _telling(ancestors: Ancestors, rows: Mapping[int, int], identity: int) -> set[int]:
    """The rows on the way to a birth that tell something of it.

    They are those fitter than all before them on the way on the same island, the last that happened elsewhere, and the
    birth itself.
    """
    way = list(_way(ancestors, rows, identity))
    elsewhere = (row for row in way if ancestors.island[row] != ancestors.island[way[0]])
    telling, peaks = {*way[:1], *islice(elsewhere, 1)}, dict[int, float]()
    for row in reversed(way):
        island, fitness = int(ancestors.island[row]), float(ancestors.fitness[row])
        if fitness > peaks.get(island, -np.inf):
            peaks[island] = fitness
            telling.add(row)
    return telling


def _relinked(ancestors: Ancestors, rows: Mapping[int, int], kept: set[int]) -> Ancestors:
    """With those that are kept following each other."""
    before = ancestors.before.copy()
    for row in kept:
        ways = _way(ancestors, rows, int(ancestors.before[row]))
        before[row] = next((ancestors.identity[each] for each in ways if each in kept), np.uint64(0))
    return ancestors._replace(before=before)


def _joined(parts: Sequence[Ancestors]) -> Ancestors:
    """One after the other; a birth that was told twice is taken once."""
    ancestors = Ancestors(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    _, first = np.unique(ancestors.identity, return_index=True)
    return ancestors if len(first) == len(ancestors.identity) else _chosen(ancestors, sorted(first.tolist()))


def _chosen(ancestors: Ancestors, rows: Sequence[int]) -> Ancestors:
    lengths = ancestors.size.sum(axis=1)
    is_kept = np.zeros(len(lengths), np.bool_)
    is_kept[list(rows)] = True
    of_programs = np.repeat(is_kept, lengths)
    arrays: Iterator[tuple[str, NDArray[Any]]] = zip(FIELDS, ancestors, strict=True)
    return Ancestors(**{name: each[of_programs if name in ("code", "data") else is_kept] for name, each in arrays})


def _told(ancestors: Ancestors, row: int, end: int) -> Ancestor:
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


def _is_sound(ancestors: Ancestors, config: Config) -> bool:
    """Whether types and shapes are those of ancestors, and each row can be told."""
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
        and are_programs(ancestors.code, ancestors.data, config)
        and ((ancestors.mutation >= -1) & (ancestors.mutation < len(MUTATION_NAMES))).all()
        and all(rows.get(before, -1) < row for row, before in enumerate(ancestors.before.tolist()))  # so ways end
    )
