"""What came of running a program on a task, as plain frozen records.

The fitness is that of the best epoch; error and predictions are of the same epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class Epoch:
    """What happened in one epoch; a sequence ends with the example that stopped it, if one did.

    Attributes:
        train_errors: error of each training step.
        train_stopped: the last of them was NaN or too large, so there was no validation.
        outputs: prediction of each validation example as Predict left it: s1, or [C] of v2.
        predictions: the same, normalized: a number, the probability of class 1, or the number of the class.
        valid_stopped: the error of the last of them was NaN or too large.
        error: RMSE or error rate of the validation; None if there was none or it stopped.
        fitness: 0 where ``error`` is None.
    """

    train_errors: tuple[float, ...]
    train_stopped: bool
    outputs: tuple[Any, ...] = ()
    predictions: tuple[float, ...] = ()
    valid_stopped: bool = False
    error: float | None = None
    fitness: float = 0.0


@dataclass(frozen=True)
class Evaluation:
    """What came of one program on one task.

    Attributes:
        fitness: of the best epoch; 0 if none ended well.
        error: RMSE or error rate of the best epoch; None if none ended well.
        best_epoch: its number, from 0; the first one if several are equally good.
        train_steps: steps of all epochs; one that stopped training counts.
        stopped_in_training: a training error was NaN or too large, which ended the run.
        stopped_in_validation: a validation error was, which ended that validation only.
        first_predictions: of the first validation examples of the best epoch, normalized as in ``Epoch``.
        epochs: all of it in detail; no part of a comparison.
    """

    fitness: float
    error: float | None
    best_epoch: int | None
    train_steps: int
    stopped_in_training: bool
    stopped_in_validation: bool
    first_predictions: tuple[float, ...]
    epochs: tuple[Epoch, ...] = field(default=(), compare=False, repr=False)

    @property
    def stopped_early(self) -> bool:
        """Whether an error was NaN or too large anywhere."""
        return self.stopped_in_training or self.stopped_in_validation


def summarize(epochs: Sequence[Epoch], num_predictions: int) -> Evaluation:
    """Sum up the epochs of a run, keeping that many predictions."""
    validated = [number for number, epoch in enumerate(epochs) if epoch.error is not None]
    best_epoch = max(validated, key=lambda number: epochs[number].fitness, default=None)
    best = epochs[-1] if best_epoch is None else epochs[best_epoch]
    return Evaluation(
        fitness=best.fitness,
        error=best.error,
        best_epoch=best_epoch,
        train_steps=sum(len(epoch.train_errors) for epoch in epochs),
        stopped_in_training=any(epoch.train_stopped for epoch in epochs),
        stopped_in_validation=any(epoch.valid_stopped for epoch in epochs),
        first_predictions=() if best_epoch is None else best.predictions[:num_predictions],
        epochs=tuple(epochs),
    )
