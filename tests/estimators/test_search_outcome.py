"""Evaluations predict how long a training takes."""

from __future__ import annotations

import numpy as np

from automl_zero.estimators.search_outcome import HoldoutEvaluation, final_epochs, standard_error


def test_the_standard_error_is_that_of_a_mean() -> None:
    assert standard_error(np.array([0.0, 0.0, 1.0, 1.0])) == 0.25


def test_as_many_epochs_are_done_as_there_is_time_for() -> None:
    evaluation = HoldoutEvaluation(None, 10, np.zeros(1), 0.0, 1.0, row_seconds=0.02, step_seconds=0.01)  # type: ignore[arg-type]
    times = {epochs: evaluation.training_seconds(100, epochs) + 1e-6 for epochs in (1, 2, 9)}
    assert {evaluation.affordable_epochs(100, seconds): seconds for seconds in times.values()} == times
    assert evaluation.affordable_epochs(100, times[1] * 0.9) == 0
    assert [final_epochs(30, rows) for rows in (1000, 10**5, 10**6)] == [30, 4, 1]
