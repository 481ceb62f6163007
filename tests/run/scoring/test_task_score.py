from __future__ import annotations

from math import sqrt

import pytest
from support.runs.small_config import small_config

from automl_zero.program.library import library_program
from automl_zero.run.record.events import Score
from automl_zero.run.scoring.task_score import score_of, score_program
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.execute import evaluate


@pytest.mark.parametrize(
    ("fitnesses", "combination", "score"),
    [
        ([0.5], "mean", Score(0.5, None)),
        ([0.5, 0.5, 0.5], "median", Score(0.5, 0.0)),
        ([0.0, 1.0], "mean", Score(0.5, 0.5)),
        ([0.0, 0.0, 1.0, 1.0], "median", Score(1.0, sqrt(1 / 3) / 2)),
    ],
)
def test_a_score_is_the_combined_fitness_with_the_error_of_the_mean(
    fitnesses: list[float], combination: str, score: Score
) -> None:
    result = score_of(fitnesses, combination)
    assert result.fitness == score.fitness
    assert result.standard_error == pytest.approx(score.standard_error)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("combination", ["mean", "median"])
def test_a_program_is_scored_under_the_rules_of_the_config(dtype: str, combination: str) -> None:
    evaluation = {"combination": combination, "max_abs_error": 2.0}
    config = small_config(evaluation=evaluation).model_copy(update={"dtype": dtype})
    tasks, program = build_tasks(config.tasks, Stage.SELECT, 0), library_program("linear_regression")
    results = [each.fitness for each in evaluate(program, tasks, dtype=dtype, max_abs_error=2.0)]
    assert score_program(program, tasks, config) == score_of(results, combination)
    assert 0.0 in results
    assert len(set(results)) > 1
