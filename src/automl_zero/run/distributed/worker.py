"""A worker: a process that holds islands and scores programs. It executes the requests of the run one after the other.

It holds nothing that could not be recreated elsewhere from the requests.
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
    """The state of a worker: specs of experiments by their seeds, and islands by (seed, number)."""

    def __init__(self) -> None:
        self._specs: dict[int, ExperimentSpec] = {}
        self._islands: dict[tuple[int, int], Island] = {}

    def handshake(self, engine: str) -> int:
        """Check that an epoch gives the same bits here as on the machine of the run.

        Args:
            engine: the ``engine_hash`` of the run.

        Returns:
            The number of this process.

        Raises:
            ClusterError: the hashes differ.
        """
        if engine != (found := engine_hash()):
            raise ClusterError(
                f"{platform.node()} has another automl-zero, NumPy, Numba or llvmlite than this machine ({found}, "
                f"not {engine}), so results would differ: install the same versions on all nodes"
            )
        return os.getpid()

    def execute(
        self,
        seed: int,
        spec: ExperimentSpec | None,
        requests: Sequence[IslandRequest | ProgramBatch],
        ended: Sequence[int] = (),
    ) -> list[IslandReply | list[float]]:
        """Execute the requests of an experiment.

        Args:
            seed: that of the experiment.
            spec: that of the experiment; None if the worker has it already.
            requests: what to execute, in this order.
            ended: the seeds of experiments to discard first.

        Returns:
            The reply to each request.

        Raises:
            ConfigError, ProgramError: an island cannot be created.
            StoreError: a state is not that of such an island.
        """
        for each in ended:
            self._specs.pop(each, None)
        self._islands = {key: island for key, island in self._islands.items() if key[0] not in ended}
        if spec is not None:
            self._specs[seed] = spec
        return [
            self._score(seed, each) if isinstance(each, ProgramBatch) else self._execute(seed, each)
            for each in requests
        ]

    def _score(self, seed: int, batch: ProgramBatch) -> list[float]:
        return [self._specs[seed].score(each) for each in batch.programs]

    def _execute(self, seed: int, request: IslandRequest) -> IslandReply:
        key = seed, request.number
        if request.is_new:
            self._islands[key] = self._specs[seed].island(request.number)
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
        reply = _reply(island, request, epoch_stats)
        if request.fields.is_last:
            del self._islands[key]
        return reply


def _reply(island: Island, request: IslandRequest, epoch_stats: EpochStats | None) -> IslandReply:
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
