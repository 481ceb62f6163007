"""What recreates an island whose worker is lost: a saved state, and the log of its commands since.

An island depends on nothing else, so one that is recreated by log replay is the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence

from automl_zero.run.checkpoint.snapshot import Arrays
from automl_zero.run.distributed.messages import Command, IslandReply, IslandRequest, ReplyFields


class IslandReplica:
    """The record that the run keeps of one island: its worker, a state, and its commands since that state.

    Attributes:
        worker: the number of the worker that holds the island, or has been asked to create it; None if none has.
        target_worker: the worker that the island is on, or is to move to.
    """

    def __init__(self) -> None:
        self.worker: int | None = None
        self.target_worker: int | None = None
        self._state: Arrays | None = None  # None: the state in which the spec of its experiment creates it
        self._commands: list[Command] = []  # since that state
        self._num_executed: int | None = None  # commands that its worker has executed; None: it has no such island yet
        self._num_acknowledged = 0  # commands whose outcome was reported, by this worker or by one that was lost

    def add(self, command: Command) -> None:
        """Append a command; it is sent with the next request."""
        self._commands.append(command)

    def restore(self, state: Arrays) -> None:
        """Replace the state and drop all commands; the island must be recreated."""
        self._state, self._commands, self._num_acknowledged = state, [], 0
        self.mark_lost()

    def mark_lost(self) -> None:
        """Note that no worker holds the island any more."""
        self.worker = self._num_executed = None

    @property
    def is_created(self) -> bool:
        """Whether its worker has created the island."""
        return self._num_executed is not None

    @property
    def known_state(self) -> Arrays | None:
        """The current state, or None if it can only be had by a request."""
        return None if self._commands else self._state

    @property
    def acknowledged(self) -> tuple[Arrays | None, Sequence[Command]]:
        """A state, and the commands that turn it into the state of the latest report."""
        return self._state, self._commands[: self._num_acknowledged]

    def request(self, number: int, fields: ReplyFields) -> IslandRequest:
        """Return the request by which the worker executes all remaining commands, then replies with these fields."""
        return IslandRequest(
            number=number,
            is_new=not self.is_created,
            state=None if self.is_created else self._state,
            commands=tuple(self._commands[self._num_executed or 0 :]),
            fields=fields,
        )

    def record_reply(self, reply: IslandReply, fields: ReplyFields) -> None:
        """Note that all commands were executed; a state in the reply replaces the log."""
        self._num_executed = self._num_acknowledged = len(self._commands)
        if reply.state is not None:
            self._state, self._commands, self._num_executed, self._num_acknowledged = reply.state, [], 0, 0
        if fields.is_last:
            self.mark_lost()
