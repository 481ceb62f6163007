"""What an island can be made again from: a state that was kept, and the commands since.

What an island does depends on nothing else, so one that was made again is the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence

from automl_zero.run.checkpoint.snapshot import Arrays
from automl_zero.run.distributed.messages import Command, IslandReply, IslandRequest, ReplyFields


class IslandReplica:
    """Of one island.

    Attributes:
        host: the number of the process that holds it, or has been asked to make it; None: nobody has.
        bound_for: the one that it is at, or is to move to.
    """

    def __init__(self) -> None:
        self.worker: int | None = None
        self.bound_for: int | None = None
        self._state: Arrays | None = None  # None: that of its beginning
        self._commands: list[Command] = []  # since that state
        self._done: int | None = None  # how many of them its host has carried out; None: it has not made the island yet
        self._told = 0  # of how many of them it has told what came of them, whether its host is there or not

    def add(self, command: Command) -> None:
        """Let the island do something; it is sent with the next order."""
        self._commands.append(command)

    def restart(self, state: Arrays) -> None:
        """Go on from another state than its own."""
        self._state, self._commands, self._told = state, [], 0
        self.lose()

    def lose(self) -> None:
        """Its host is gone, or has forgotten it."""
        self.worker = self._done = None

    @property
    def was_made(self) -> bool:
        """Whether its host holds it."""
        return self._done is not None

    @property
    def known_state(self) -> Arrays | None:
        """Its state, if that is known without asking."""
        return None if self._commands else self._state

    @property
    def told(self) -> tuple[Arrays | None, Sequence[Command]]:
        """A state, and the commands by which it becomes the one of which was told last."""
        return self._state, self._commands[: self._told]

    def request(self, number: int, fields: ReplyFields) -> IslandRequest:
        """What its host must do so that all commands are carried out, and what it is to tell then."""
        state = None if self.was_made else self._state
        return IslandRequest(number, not self.was_made, state, tuple(self._commands[self._done or 0 :]), fields)

    def record_reply(self, reply: IslandReply, fields: ReplyFields) -> None:
        """All commands that were sent have been carried out."""
        self._done = self._told = len(self._commands)
        if reply.state is not None:
            self._state, self._commands, self._done, self._told = reply.state, [], 0, 0
        if fields.is_last:
            self.lose()
