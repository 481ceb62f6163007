"""A worker does what an island does in this process, and discards what has ended."""

from __future__ import annotations

import os

import numpy as np
import pytest
from support.runs.small_config import small_config

from automl_zero.program.program import Program
from automl_zero.run.checkpoint.file_format import engine_hash
from automl_zero.run.distributed.messages import (
    Command,
    IslandReply,
    IslandRequest,
    ProgramBatch,
    ReplyFields,
    RunPrograms,
)
from automl_zero.run.distributed.worker import Worker
from automl_zero.run.experiment import search_tasks
from automl_zero.run.islands.engine import ClusterError, ExperimentSpec, arrays_of

CONFIG = small_config()
SEED = 5


@pytest.fixture(scope="module")
def spec() -> ExperimentSpec:
    return ExperimentSpec(CONFIG, search_tasks(CONFIG, 0), SEED)


def request(*commands: Command, is_new: bool = False, fields: ReplyFields | None = None) -> IslandRequest:
    return IslandRequest(1, is_new, None, commands, fields or ReplyFields())


def only(replies: list[IslandReply | list[float]]) -> IslandReply:
    (reply,) = replies
    assert isinstance(reply, IslandReply)
    return reply


def test_a_worker_of_the_same_package_replies_with_its_process() -> None:
    assert Worker().handshake(engine_hash()) == os.getpid()


def test_a_worker_of_another_package_is_refused() -> None:
    with pytest.raises(ClusterError, match=r"has another automl-zero, .* install the same versions on all nodes"):
        Worker().handshake("edited")


def test_an_island_of_a_worker_is_that_of_this_process(spec: ExperimentSpec) -> None:
    fields = ReplyFields(departing=np.array([2, 2, 7]), state=True, fittest=3)
    reply = only(Worker().execute(SEED, spec, [request(RunPrograms(50), is_new=True, fields=fields)]))
    island = spec.island(1)
    island.run(50)
    assert (reply.number, reply.fitness) == (1, island.best_fitness)
    assert reply.state is not None
    assert {name: array.tobytes() for name, array in reply.state.items()} == {
        name: array.tobytes() for name, array in arrays_of(island, 1).items()
    }
    assert list(reply.fittest) == island.fittest(3)
    assert reply.departing is not None
    assert reply.departing["fitness"].tolist() == island.state.population.fitness[[2, 2, 7]].tolist()


def test_a_reply_has_what_was_requested_and_no_more(spec: ExperimentSpec) -> None:
    worker = Worker()
    reply = only(worker.execute(SEED, spec, [request(is_new=True)]))
    assert (reply.epoch_stats, reply.departing, reply.state, list(reply.fittest)) == (None, None, None, [])
    known = only(worker.execute(SEED, None, [request(fields=ReplyFields(fittest=1, above=reply.fitness))]))
    assert list(known.fittest) == []


def test_programs_are_scored(spec: ExperimentSpec) -> None:
    program = Program()
    assert Worker().execute(SEED, spec, [ProgramBatch([program, program])]) == [[spec.score(program)] * 2]


def test_islands_and_experiments_that_have_ended_are_discarded(spec: ExperimentSpec) -> None:
    worker = Worker()
    worker.execute(SEED, spec, [request(is_new=True)])
    worker.execute(SEED, None, [request(fields=ReplyFields(is_last=True))])
    assert worker._islands == {}
    worker.execute(SEED, None, [request(is_new=True)])
    worker.execute(SEED + 1, spec, [], ended=[SEED])
    assert (worker._islands, list(worker._specs)) == ({}, [SEED + 1])
