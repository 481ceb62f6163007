"""The processes that hold islands, as seen from the run: a few verbs, whatever cluster is beneath."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

from automl_zero.config import Config
from automl_zero.run.distributed.messages import IslandRequest, ProgramBatch
from automl_zero.run.distributed.placement import Placement
from automl_zero.run.islands.engine import ClusterError, ExperimentSpec
from automl_zero.vm.stop_flag import StopFlag

# A Report for each Order, and fitnesses for each Batch; None: the host was lost before it could answer.
Answer = Sequence[Any] | None
MAX_LOSSES = 10  # of one thing, one after the other, before it was done


class WorkerPool(Protocol):
    """Hosts by their numbers, none of which is used twice. They come and go at any time.

    Experiments side by side use it from threads of their own.

    Attributes:
        stop: ends, once it is raised, whatever is waited for: those who wait look at it.
    """

    placement: Placement
    stop: StopFlag

    @property
    def workers(self) -> Sequence[int]:
        """Those that are there, as far as is known."""

    def ensure_workers(self, wanted: int) -> None:
        """Let those join that are ready, and begin others if there are fewer than wanted; does not wait for them."""

    def wait(self, wanted: int) -> None:
        """Wait until there is at least one, and for all that can be there soon.

        Raises:
            Stopped: the stop flag was raised meanwhile.
        """

    def send(self, worker: int, beginning: ExperimentSpec, requests: Sequence[IslandRequest | ProgramBatch]) -> int:
        """Let a host carry out orders, after those that it has got before; gives the number of the message.

        One to a host that is gone is answered with its loss.
        """

    def answers(self, messages: Collection[int], wanted: int, /) -> Iterable[tuple[int, Answer]]:
        """What has come of these messages, by their numbers; waits some time until there are so many."""

    def end(self, beginning: ExperimentSpec) -> None:
        """An experiment has ended: hosts forget its islands with their next message."""

    def lose(self, worker: int) -> None:
        """A host is gone, or must go."""


def workers_wanted(config: Config) -> int:
    """Hosts that all experiments side by side have use for."""
    return config.islands.count * config.experiment.concurrent


def check_losses(losses: Counter[int], lost: Iterable[int], kind: str) -> None:
    """Count what was lost of some kind, by its number.

    Raises:
        ClusterError: one of them was lost again and again.
    """
    losses.update(lost)
    number, most = losses.most_common(1)[0]
    if most > MAX_LOSSES:
        raise ClusterError(
            f"{kind} {number} was lost {most} times, each time with the process that held it: see whether the nodes "
            "have memory enough, and what their logs tell"
        )
