"""What is computed through inner products is what the engine computes with matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from automl_zero.analysis.studies.paper_variants import known_variants
from automl_zero.config import load_config
from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.run.scoring.constants import constants_of, with_values
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.execute import evaluate
from products import BLOCK, Products, Task, net_outputs, rule_of, task_of

NET = library_program("two_layer_net")
BEST = "figure_6", "figure_6_pruned"
RULED = {
    **{name: library_program(name) for name in (*BEST, "logistic_regression")},
    **{f"{name}: {each.name}": each.program for name in BEST for each in known_variants(name)},
}
SIZES = {"num_tasks": 3, "num_train": 2 * BLOCK + 37, "num_valid": BLOCK + 60}  # neither one block nor whole ones


@pytest.fixture(scope="module")
def tasks() -> TaskSet:
    sizes = ", ".join(f"{name} = {size}" for name, size in SIZES.items())
    config = load_config("digits", ["tasks.num_features=12", f"tasks.select={{ {sizes} }}"])
    return build_tasks(config.tasks, Stage.SELECT, 0)


def with_other_constants(program: Program, seed: int) -> Program:
    constants = constants_of(program)
    factors = 10.0 ** np.random.default_rng(seed).uniform(-1, 1, len(constants))
    return with_values(program, {each: each.value * factor for each, factor in zip(constants, factors, strict=True)})


def ruled_outputs(program: Program, task: Task) -> Any:
    return Products(task).outputs(rule_of(program))


def assert_accuracies_agree(program: Program, tasks: TaskSet, outputs: Callable[[Program, Task], Any]) -> None:
    expected = [each.fitness for each in evaluate(program, tasks, dtype="float64")]
    found = [task.accuracy(outputs(program, task)) for task in (task_of(tasks, k, k, "float64") for k in range(3))]
    assert found == pytest.approx(expected, abs=1e-12)
    assert len(set(expected)) == 3


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
@pytest.mark.parametrize("name", RULED)
def test_the_best_programs_their_variants_and_logistic_regression_are_as_accurate_as_in_the_engine(
    name: str, seed: int | None, tasks: TaskSet
) -> None:
    program = RULED[name] if seed is None else with_other_constants(RULED[name], seed)
    assert_accuracies_agree(program, tasks, ruled_outputs)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_net_is_as_accurate_as_in_the_engine(seed: int | None, tasks: TaskSet) -> None:
    assert_accuracies_agree(NET if seed is None else with_other_constants(NET, seed), tasks, net_outputs)


def test_a_net_predicts_what_it_predicts_in_the_engine(tasks: TaskSet) -> None:
    outputs = net_outputs(NET, task_of(tasks, 1, 1, "float64"))
    expected = evaluate(NET, tasks, dtype="float64", num_predictions=20)[1].first_predictions
    np.testing.assert_allclose(1 / (1 + np.exp(-outputs[:20])), expected, rtol=1e-9)


def test_bounds_in_the_wrong_order_draw_the_lower_one() -> None:
    program = RULED["figure_6"]
    bounds = [each for each in constants_of(program) if each.name in ("low", "high")]
    assert rule_of(with_values(program, dict(zip(bounds, (3.0, 2.0), strict=True))))[1:3] == (3.0, 3.0)


def test_a_program_that_gives_no_number_has_accuracy_0(tasks: TaskSet) -> None:
    wild = with_values(NET, dict.fromkeys(constants_of(NET), 1e200))
    task = task_of(tasks, 0, 0, "float64")
    assert task.accuracy(net_outputs(wild, task)) == evaluate(wild, tasks, dtype="float64")[0].fitness == 0.0


def test_single_precision_changes_no_more_than_a_few_predictions(tasks: TaskSet) -> None:
    one, other = (task_of(tasks, 0, 0, dtype) for dtype in ("float32", "float64"))
    outputs = [ruled_outputs(RULED["figure_6"], task) for task in (one, other)]
    assert outputs[0].dtype == np.float32
    assert ((outputs[0] > 0) != (outputs[1] > 0)).mean() < 0.02
