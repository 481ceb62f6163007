"""The processes that hold islands, as seen from the run: a few verbs, whatever cluster is beneath."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from automl_zero.run.berths import Berths
from automl_zero.run.engine import Beginning
from automl_zero.run.order import Order, Report

Answer = Sequence[Report] | None  # None: the host was lost before it could answer


class Fleet(Protocol):
    """Hosts by their numbers, none of which is used twice. They come and go at any time.

    Experiments side by side use it from threads of their own.
    """

    berths: Berths

    @property
    def hosts(self) -> Sequence[int]:
        """Those that are there, as far as is known."""

    def tend(self, wanted: int) -> None:
        """Let those join that are ready, and begin others if there are fewer than wanted; does not wait for them."""

    def wait(self, wanted: int) -> None:
        """Wait until there is at least one, and for all that can be there soon."""

    def send(self, host: int, beginning: Beginning, orders: Sequence[Order]) -> int:
        """Let a host carry out orders, after those that it has got before; gives the number of the message.

        One to a host that is gone is answered with its loss.
        """

    def answers(self, messages: Collection[int], wanted: int, /) -> Iterable[tuple[int, Answer]]:
        """What has come of these messages, by their numbers; waits some time until there are so many."""

    def end(self, beginning: Beginning) -> None:
        """An experiment has ended: hosts forget its islands with their next message."""

    def lose(self, host: int) -> None:
        """A host is gone, or must go."""
