"""What travels between a run and the processes that hold its islands: plain frozen data and arrays.

An island is a function of its beginning and of the commands that it has carried out, so whoever keeps a state of it and
the commands since can make it again anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.program import Program
from automl_zero.run.checkpoint.snapshot import Arrays
from automl_zero.run.islands.migration import Programs
from automl_zero.search.island import Member
from automl_zero.search.lineage_log import EpochStats


class RunPrograms(NamedTuple):
    """Search on by so many programs."""

    programs: int


class ReceiveMigrants(NamedTuple):
    """Take programs into these slots, and score those in the slots of ``slots_to_rescore``."""

    slots: NDArray[np.int64]
    programs: Programs
    slots_to_rescore: tuple[int, ...]


Command = RunPrograms | ReceiveMigrants


class ReplyFields(NamedTuple):
    """What an island is to tell when it has carried out its commands, besides its fitness and counters.

    Attributes:
        departing: the slots whose programs leave it, if any do.
        state: whether its arrays are wanted.
        fittest: how many of its best programs are; none if its best fitness is not ``above`` that.
        is_last: whether its host may forget it then.
    """

    departing: NDArray[np.int64] | None = None
    state: bool = False
    fittest: int = 0
    above: float = -inf
    is_last: bool = False


class IslandRequest(NamedTuple):
    """What an island is to do, and then to tell.

    Attributes:
        number: of the island.
        is_new: whether its host is to make it first: from ``state``, or from its beginning where there is none.
    """

    number: int
    is_new: bool
    state: Arrays | None
    commands: tuple[Command, ...]
    fields: ReplyFields


class ProgramBatch(NamedTuple):
    """Programs whose fitness on the first tasks of a beginning is to be told."""

    programs: Sequence[Program]


class IslandReply(NamedTuple):
    """What an island replies, None or empty where it was not asked; ``epoch_stats`` is of its last search."""

    number: int
    fitness: float
    counters: NDArray[np.int64]
    effects: NDArray[np.int64]
    epoch_stats: EpochStats | None = None
    departing: Programs | None = None
    state: dict[str, NDArray[Any]] | None = None
    fittest: Sequence[Member] = ()
