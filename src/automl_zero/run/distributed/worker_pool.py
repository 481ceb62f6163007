"""The worker processes of a run, as it uses them: a protocol that hides which cluster they are on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

from automl_zero.config import Config
from automl_zero.run.distributed.messages import IslandRequest, ProgramBatch
from automl_zero.run.distributed.placement import Placement
from automl_zero.run.islands.engine import ClusterError, ExperimentSpec
from automl_zero.vm.stop_flag import StopFlag

# An IslandReply for each IslandRequest of a message, and a list of fitnesses for each ProgramBatch, in their order.
# None: the worker was lost before it replied.
Replies = Sequence[Any] | None
MAX_LOSSES = 10  # of one island or batch in a row, before it was done


class WorkerPool(Protocol):
    """Workers by their numbers, none of which is used twice. They may join and leave at any time.

    Concurrent experiments use it from threads of their own.

    Attributes:
        placement: which worker holds which islands.
        stop: the flag that ends all waiting, once it is raised; whoever waits for workers checks it.
    """

    placement: Placement
    stop: StopFlag

    @property
    def workers(self) -> Sequence[int]:
        """The workers that are available, as far as is known."""

    def ensure_workers(self, wanted: int) -> None:
        """Admit workers that are ready, and start others if there are fewer than wanted; does not wait for them."""

    def wait(self, wanted: int) -> None:
        """Wait until there is at least one worker, and for those that can be ready soon.

        Raises:
            Stopped: the stop flag was raised meanwhile.
        """

    def send(self, worker: int, spec: ExperimentSpec, requests: Sequence[IslandRequest | ProgramBatch]) -> int:
        """Send requests to a worker, which executes them after all earlier ones; return the number of the message.

        A message to a worker that is lost counts as sent; ``poll`` reports the loss.
        """

    def poll(self, messages: Collection[int], wanted: int, /) -> Iterable[tuple[int, Replies]]:
        """Yield the number and the replies of each of these messages that is done.

        Waits a while until there are ``wanted`` of them.
        """

    def forget(self, spec: ExperimentSpec) -> None:
        """Let workers discard an experiment that has ended, with their next message."""

    def drop(self, worker: int) -> None:
        """Remove a worker that is lost, or ends it."""


def workers_wanted(config: Config) -> int:
    """Return how many workers all concurrent experiments can use."""
    return config.islands.count * config.experiment.concurrent


def count_losses(losses: Counter[int], lost: Iterable[int], kind: str) -> None:
    """Count the losses of some islands or batches.

    Args:
        losses: how often each was lost so far, by its number; updated.
        lost: the numbers of those that were lost now.
        kind: what they are, for the message.

    Raises:
        ClusterError: one of them was lost more than ``MAX_LOSSES`` times.
    """
    losses.update(lost)
    number, most = losses.most_common(1)[0]
    if most > MAX_LOSSES:
        raise ClusterError(
            f"{kind} {number} was lost {most} times, each time with its process: check the logs of the nodes, and "
            "whether they have enough memory"
        )
