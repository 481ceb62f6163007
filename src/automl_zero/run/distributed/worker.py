"""A process that holds islands and scores programs: it carries out what it is told to, one thing after the other.

It keeps nothing that could not be made again elsewhere from what it was told.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from automl_zero.run.checkpoint.file_format import engine_hash
from automl_zero.run.checkpoint.snapshot import load_arrays
from automl_zero.run.distributed.messages import (
    IslandReply,
    IslandRequest,
    ProgramBatch,
    ReceiveMigrants,
    ReplyFields,
    RunPrograms,
)
from automl_zero.run.islands.engine import ClusterError, ExperimentSpec, arrays_of
from automl_zero.run.islands.migration import extract, insert_migrants
from automl_zero.search.island import Island, Member
from automl_zero.search.lineage_log import EpochStats


class Worker:
    """Some of the islands of each experiment that goes on, by its seed."""

    def __init__(self) -> None:
        self._beginnings: dict[int, ExperimentSpec] = {}
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
        self,
        seed: int,
        beginning: ExperimentSpec | None,
        requests: Sequence[IslandRequest | ProgramBatch],
        ended: Sequence[int] = (),
    ) -> list[IslandReply | list[float]]:
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
        return [
            self._score(seed, each) if isinstance(each, ProgramBatch) else self._carry_out(seed, each)
            for each in requests
        ]

    def _score(self, seed: int, batch: ProgramBatch) -> list[float]:
        return [self._beginnings[seed].score(each) for each in batch.programs]

    def _carry_out(self, seed: int, request: IslandRequest) -> IslandReply:
        key = seed, request.number
        if request.is_new:
            self._islands[key] = self._beginnings[seed].island(request.number)
        island = self._islands[key]
        if request.state is not None:
            load_arrays(arrays_of(island, request.number), request.state)
        epoch_stats = None
        for command in request.commands:
            match command:
                case RunPrograms(programs):
                    island.run(programs)
                    epoch_stats = island.epoch_stats(request.number)
                case ReceiveMigrants(slots, arriving, slots_to_rescore):
                    insert_migrants(island.state.population, slots, arriving, island.keeps_fittest)
                    island.rescore(slots_to_rescore)
        reply = _report(island, request, epoch_stats)
        if request.fields.is_last:
            del self._islands[key]
        return reply


def _report(island: Island, request: IslandRequest, epoch_stats: EpochStats | None) -> IslandReply:
    fields = request.fields
    return IslandReply(
        number=request.number,
        fitness=island.best_fitness,
        counters=island.state.counters.copy(),
        effects=island.state.effects.copy(),
        epoch_stats=epoch_stats,
        departing=None if fields.departing is None else extract(island.state.population, fields.departing),
        state=arrays_of(island, request.number) if fields.state else None,
        fittest=_fittest(island, fields),
    )


def _fittest(island: Island, fields: ReplyFields) -> list[Member]:
    if not fields.fittest or island.best_fitness <= fields.above:
        return []
    return island.fittest(fields.fittest)
