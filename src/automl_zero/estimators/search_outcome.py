"""The outcome of a search for an algorithm: the leaderboard, the evaluations behind it, and the search over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from automl_zero.estimators.model import Model
from automl_zero.estimators.proxy_tasks import SELECT_STEPS
from automl_zero.program.program import Program
from automl_zero.tasks.task import FloatArray

MAX_STEPS = 10 * SELECT_STEPS  # training steps of the final model, unless one epoch has more
CACHE_MISSES = 1.5  # a training step on many rows takes so many times longer than on few


@dataclass(frozen=True)
class LeaderboardEntry:
    """A program and its scores.

    Attributes:
        name: its name for users.
        program: the program, without instructions that have no effect.
        is_evolved: whether it is evolved; otherwise it is a known one.
        tune_fitness: the fitness on the rows on which it was selected and tuned.
        score: the accuracy or R^2 on the held-out rows, trained as in the end.
        standard_error: the standard error, over rows, of the difference in score from the best known program; 0 for
            known ones.
        epochs: the number of epochs of its training.
    """

    name: str
    program: Program
    is_evolved: bool
    tune_fitness: float
    score: float
    standard_error: float
    epochs: int


@dataclass(frozen=True, eq=False)
class HoldoutEvaluation:
    """A program trained on the refit rows, and scored on the held-out rows.

    Attributes:
        model: the trained model.
        epochs: the number of epochs after which it does best on the held-out rows.
        losses: the loss on each held-out row; 1 minus their mean is the score.
        tune_fitness: as in ``LeaderboardEntry``.
        seconds: the time of the evaluation.
        row_seconds: the time for each row in the first epoch, memory transfers included.
        step_seconds: the time for each row in a further epoch.
    """

    model: Model
    epochs: int
    losses: FloatArray
    tune_fitness: float
    seconds: float
    row_seconds: float
    step_seconds: float

    def training_seconds(self, num_rows: int, epochs: int) -> float:
        """Estimate the time of a training on so many rows; many rows do not fit into processor caches."""
        return CACHE_MISSES * num_rows * (self.row_seconds + (epochs - 1) * self.step_seconds)

    def affordable_epochs(self, num_rows: int, seconds: float) -> int:
        """Return the number of epochs that fit into a time; 0 if not even one does."""
        # Solve seconds = CACHE_MISSES * num_rows * (row_seconds + (epochs - 1) * step_seconds) for the epochs.
        left = seconds / (CACHE_MISSES * num_rows) - self.row_seconds
        return 0 if left < 0 else 1 + int(left / max(self.step_seconds, 1e-12))


@dataclass(frozen=True)
class CurvePoint:
    """A point of the search curve: programs made, seconds since the start, and best fitness on the search tasks."""

    programs: int
    seconds: float
    best_fitness: float


@dataclass(frozen=True)
class SearchOutcome:
    """The outcome of a search.

    Attributes:
        ranked: the leaderboard, best first.
        evaluations: the evaluation of each program on the leaderboard.
        curve: the search over time.
    """

    ranked: tuple[LeaderboardEntry, ...]
    evaluations: Mapping[Program, HoldoutEvaluation]
    curve: tuple[CurvePoint, ...]


def final_epochs(epochs: int, num_rows: int) -> int:
    """Return the epochs of the final training, on all rows, such that the steps are not too many."""
    return max(1, min(epochs, MAX_STEPS // num_rows))


def standard_error(differences: FloatArray) -> float:
    """Return the standard error of the mean."""
    return float(differences.std() / np.sqrt(len(differences)))
