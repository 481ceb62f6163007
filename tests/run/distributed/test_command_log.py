"""A replica asks for what its worker lacks: the commands since the last reply, or all since a state if it was lost."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from automl_zero.run.distributed.command_log import IslandReplica
from automl_zero.run.distributed.messages import IslandReply, ReplyFields, RunPrograms

NOTHING = ReplyFields()
STATE = {"islands.0.random": np.arange(4, dtype=np.uint64)}


def reply(with_state: bool = False) -> IslandReply:
    counters = np.zeros(3, np.int64)
    return IslandReply(0, 0.5, counters, counters, state=STATE if with_state else None)


@dataclass
class Log:
    """A replica, and the numbers of programs that its requests have asked for."""

    replica: IslandReplica = field(default_factory=IslandReplica)

    def run(self, programs: int, fields: ReplyFields = NOTHING, with_state: bool = False) -> tuple[bool, list[int]]:
        """Let the island make programs; return whether it had to be created, and all commands of the request."""
        self.replica.add(RunPrograms(programs))
        request = self.replica.request(0, fields)
        self.replica.record_reply(reply(with_state), fields)
        return request.is_new, [each.programs for each in request.commands if isinstance(each, RunPrograms)]


def test_a_worker_gets_each_command_once() -> None:
    log = Log()
    assert log.run(1) == (True, [1])
    assert log.run(2) == (False, [2])


def test_a_lost_island_is_created_and_all_of_its_commands_are_replayed() -> None:
    log = Log()
    log.run(1)
    log.run(2)
    log.replica.mark_lost()
    assert not log.replica.is_created
    assert log.run(3) == (True, [1, 2, 3])


def test_a_state_replaces_the_log() -> None:
    log = Log()
    log.run(1, with_state=True)
    assert log.replica.known_state is STATE
    log.replica.mark_lost()
    log.replica.add(RunPrograms(2))
    assert log.replica.known_state is None
    request = log.replica.request(0, NOTHING)
    assert (request.is_new, request.state, request.commands) == (True, STATE, (RunPrograms(2),))


def test_the_acknowledged_commands_are_those_with_a_reply_whatever_becomes_of_the_worker() -> None:
    log = Log()
    log.run(1)
    log.replica.add(RunPrograms(2))
    log.replica.mark_lost()
    assert log.replica.acknowledged == (None, [RunPrograms(1)])


def test_after_its_last_request_an_island_has_no_worker() -> None:
    log = Log()
    log.replica.worker = 3
    log.run(1, ReplyFields(state=True, is_last=True), with_state=True)
    assert log.replica.worker is None
    assert not log.replica.is_created


def test_a_restored_state_drops_the_log() -> None:
    log = Log()
    log.run(1)
    log.replica.restore(STATE)
    assert log.replica.acknowledged == (STATE, [])
    assert log.run(2) == (True, [2])
