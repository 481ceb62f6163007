"""The messages between a run and its worker processes: plain frozen data and arrays.

The state of an island follows from the spec of its experiment and the commands that it has executed. So a saved state
and the commands since are enough to recreate it in any process.
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
    """The command to continue the search by this many programs."""

    programs: int


class ReceiveMigrants(NamedTuple):
    """The command to insert programs into these slots, and to score those in ``slots_to_rescore`` again."""

    slots: NDArray[np.int64]
    programs: Programs
    slots_to_rescore: tuple[int, ...]


Command = RunPrograms | ReceiveMigrants


class ReplyFields(NamedTuple):
    """What a reply must hold besides the fitness and the counters of the island.

    Attributes:
        departing: the slots whose programs emigrate; None if none do.
        state: whether to include the arrays of the island.
        fittest: how many of the best programs to include; none if the best fitness is not greater than ``above``.
        is_last: whether the worker may discard the island afterwards.
    """

    departing: NDArray[np.int64] | None = None
    state: bool = False
    fittest: int = 0
    above: float = -inf
    is_last: bool = False


class IslandRequest(NamedTuple):
    """The commands that an island must execute, and what it replies then.

    Attributes:
        number: the number of the island.
        is_new: whether the worker must create the island first: from ``state``, or from the spec of the experiment if
            that is None.
        state: the arrays of the island.
        commands: what to execute, in this order.
        fields: what the reply must hold.
    """

    number: int
    is_new: bool
    state: Arrays | None
    commands: tuple[Command, ...]
    fields: ReplyFields


class ProgramBatch(NamedTuple):
    """Programs to score on the first tasks of an experiment; the reply is a list with the fitness of each."""

    programs: Sequence[Program]


class IslandReply(NamedTuple):
    """The reply of an island; what was not requested is None or empty. ``epoch_stats`` is that of its last search."""

    number: int
    fitness: float
    counters: NDArray[np.int64]
    effects: NDArray[np.int64]
    epoch_stats: EpochStats | None = None
    departing: Programs | None = None
    state: dict[str, NDArray[Any]] | None = None
    fittest: Sequence[Member] = ()
