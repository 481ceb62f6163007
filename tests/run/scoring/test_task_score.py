from __future__ import annotations

from math import sqrt
from typing import Any

import pytest
from support.runs.small_config import small_config

from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.run.record.events import Score
from automl_zero.run.scoring.task_score import FACTORED_FEATURES, fitnesses, for_study, score_of, score_program
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.execute import evaluate
from automl_zero.vm.factored import execution as factored
from automl_zero.vm.result import Evaluation


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


@pytest.mark.parametrize(("features", "expected"), [(FACTORED_FEATURES - 1, False), (FACTORED_FEATURES, True)])
def test_a_study_factors_matrices_where_that_is_faster(features: int, expected: bool) -> None:
    config = small_config(tasks={"num_features": features})
    assert for_study(config).evaluation.factored_matrices is expected
    assert for_study(config).tasks == config.tasks


@pytest.mark.parametrize(("name", "expected"), [("two_layer_net", 1), ("linear_regression", 0)])
def test_only_programs_with_matrices_are_factored(name: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    config, calls = small_config(evaluation={"factored_matrices": True}), list[Program]()
    tasks, program, evaluate_factored = (
        build_tasks(config.tasks, Stage.SELECT, 0),
        library_program(name),
        factored.evaluate,
    )

    def counted(program: Program, tasks: TaskSet, **rules: Any) -> list[Evaluation]:
        calls.append(program)
        return evaluate_factored(program, tasks, **rules)

    monkeypatch.setattr(factored, "evaluate", counted)
    scores = fitnesses(program, tasks, config)
    assert len(calls) == expected
    assert scores == pytest.approx(fitnesses(program, tasks, small_config()), abs=1e-4)
