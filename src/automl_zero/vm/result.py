"""Results of an evaluation of a program on a task.

Fitness, error and predictions are those of the best epoch, or of the last one where only that is validated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

ScoredEpochs: TypeAlias = Literal[
    "best", "last"
]  # which epoch's validation is the result; with "last" it is the only one
Output: TypeAlias = Any  # a prediction as Predict leaves it: s1, a float, or elements of v2, an array [C]


@dataclass(frozen=True, eq=False)
class Epoch:
    """Results of one epoch; a sequence ends with the example that stopped training or validation, if one did.

    Attributes:
        train_errors: error of each training step.
        train_stopped: the last training error was NaN or too large, so there was no validation.
        outputs: prediction of each validation example as Predict left it: s1, or [C] of v2.
        predictions: the same, normalized: a number, the probability of class 1, or the number of the class.
        valid_stopped: the error of the last validation example was NaN or too large.
        error: RMSE or error rate of the validation; None if there was none or it stopped.
        fitness: 0 where ``error`` is None.
    """

    train_errors: tuple[float, ...]
    train_stopped: bool
    outputs: tuple[Output, ...] = ()
    predictions: tuple[float, ...] = ()
    valid_stopped: bool = False
    error: float | None = None
    fitness: float = 0.0


@dataclass(frozen=True)
class Evaluation:
    """Result of one program on one task.

    Attributes:
        fitness: fitness of the best epoch; 0 if no validation was completed.
        error: RMSE or error rate of the best epoch; None if no validation was completed.
        best_epoch: number of the best epoch, from 0; the first one if several are equally good.
        train_steps: training steps of all epochs, including one that stopped training.
        stopped_in_training: a training error was NaN or too large, which ended the evaluation.
        stopped_in_validation: a validation error was NaN or too large, which ended that validation only.
        first_predictions: predictions of the first validation examples of the best epoch, normalized as in ``Epoch``.
        epochs: results of every epoch; ignored by comparisons.
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
        """Whether any error was NaN or too large."""
        return self.stopped_in_training or self.stopped_in_validation


def summarize(epochs: Sequence[Epoch], num_predictions: int) -> Evaluation:
    """Return the result of an evaluation from its epochs, with so many predictions."""
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
