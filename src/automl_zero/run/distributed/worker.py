"""A process that holds islands and scores programs: it carries out what it is told to, one thing after the other.

It keeps nothing that could not be made again elsewhere from what it was told.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from automl_zero.run.checkpoint.file_format import engine_hash
from automl_zero.run.checkpoint.snapshot import overwrite
from automl_zero.run.distributed.messages import Arrival, Batch, Order, Question, Report, Search
from automl_zero.run.islands.engine import Beginning, ClusterError, arrays_of
from automl_zero.run.islands.migration import settle, take
from automl_zero.search.island import Island, Member
from automl_zero.search.lineage_log import Harvest


class Host:
    """Some of the islands of each experiment that goes on, by its seed."""

    def __init__(self) -> None:
        self._beginnings: dict[int, Beginning] = {}
        self._islands: dict[tuple[int, int], Island] = {}

    def greet(self, engine: str) -> int:
        """Make sure that an epoch is the same here as where the run is; gives the number of this process.

        Raises:
            ClusterError: it would not be.
        """
        if engine != (found := engine_hash()):
            raise ClusterError(
                f"{platform.node()} has another automl-zero, NumPy, Numba or llvmlite than this machine ({found}, "
                f"not {engine}), so results would differ: install the same versions on all nodes"
            )
        return os.getpid()

    def do(
        self, seed: int, beginning: Beginning | None, orders: Sequence[Order | Batch], ended: Sequence[int] = ()
    ) -> list[Report | list[float]]:
        """Carry out orders that belong to the beginning of a seed, which is told once; those that ended are forgotten.

        Raises:
            ConfigError, ProgramError: an island cannot be made.
            StoreError: a state is not that of such an island.
        """
        for each in ended:
            self._beginnings.pop(each, None)
        self._islands = {key: island for key, island in self._islands.items() if key[0] not in ended}
        if beginning is not None:
            self._beginnings[seed] = beginning
        return [self._score(seed, each) if isinstance(each, Batch) else self._carry_out(seed, each) for each in orders]

    def _score(self, seed: int, batch: Batch) -> list[float]:
        return [self._beginnings[seed].score(each) for each in batch.programs]

    def _carry_out(self, seed: int, order: Order) -> Report:
        key = seed, order.number
        if order.is_new:
            self._islands[key] = self._beginnings[seed].island(order.number)
        island = self._islands[key]
        if order.state is not None:
            overwrite(arrays_of(island, order.number), order.state)
        harvest = None
        for command in order.commands:
            match command:
                case Search(programs):
                    island.run(programs)
                    harvest = island.harvest(order.number)
                case Arrival(slots, arriving, strangers):
                    settle(island.state.population, slots, arriving, island.keeps_fittest)
                    island.rescore(strangers)
        report = _report(island, order, harvest)
        if order.question.is_last:
            del self._islands[key]
        return report


def _report(island: Island, order: Order, harvest: Harvest | None) -> Report:
    question = order.question
    return Report(
        number=order.number,
        fitness=island.best_fitness,
        counters=island.state.counters.copy(),
        effects=island.state.effects.copy(),
        harvest=harvest,
        departing=None if question.departing is None else take(island.state.population, question.departing),
        state=arrays_of(island, order.number) if question.state else None,
        fittest=_fittest(island, question),
    )


def _fittest(island: Island, question: Question) -> list[Member]:
    if not question.fittest or island.best_fitness <= question.above:
        return []
    return island.fittest(question.fittest)
