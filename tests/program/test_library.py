"""The library: every program of it is whole, reads as described, and learns."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from automl_zero.program.library import LIBRARY, library_program, linear, two_layer_net
from automl_zero.program.ops import BY_NAME
from automl_zero.program.program import Instruction, Program, ProgramError
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text, to_text
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm.reference import evaluate

each_name = pytest.mark.parametrize("name", LIBRARY)


def task_of(name: str) -> TaskSet:
    """Regression for those made for it, else classes that a linear model can separate."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 700, 4))
    if LIBRARY[name].multiclass:
        y, loss, classes = np.argmax(x[:, :, :3], axis=2).astype(float), Loss.ACCURACY, 3
    elif name in ("linear_regression", "affine_regression", "two_layer_net"):
        y, loss, classes = x @ [0.5, -1.0, 0.25, 1.0], Loss.RMSE, 2
    else:
        y, loss, classes = (x @ [0.5, -1.0, 0.25, 1.0] > 0).astype(float), Loss.ACCURACY, 2
    return TaskSet(name, x[:, :500], y[:, :500], x[:, 500:], y[:, 500:], loss, classes)


@each_name
def test_a_known_program_round_trips(name: str) -> None:
    program = library_program(name)
    assert from_text(to_text(program)) == program


@each_name
def test_a_known_program_is_described_with_its_source(name: str) -> None:
    entry = LIBRARY[name]
    assert entry.name == name
    assert entry.description.endswith(".")
    assert entry.source


@each_name
def test_a_known_program_predicts_better_than_chance(name: str) -> None:
    tasks = task_of(name)
    blind = evaluate(Program(), tasks, 0)
    assert evaluate(library_program(name), tasks, 0).fitness > blind.fitness + 0.1


@pytest.mark.parametrize("name", [name for name in LIBRARY if name != "figure_6_raw"])
def test_a_known_program_has_no_dead_instruction(name: str) -> None:
    program = library_program(name)
    assert prune(program, LIBRARY[name].multiclass) == program


def test_pruning_the_raw_program_of_figure_6_gives_the_published_pruned_one() -> None:
    assert prune(library_program("figure_6_raw")) == library_program("figure_6_pruned")


def test_every_file_belongs_to_an_entry() -> None:
    files = (resources.files("automl_zero.program") / "known").iterdir()
    assert sorted(file.name for file in files) == sorted(f"{name}.txt" for name in LIBRARY)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ProgramError, match=r"called 'linear': choose one of linear_regression, affine_regression"):
        library_program("linear")


@pytest.mark.parametrize(
    ("name", "costs"),
    [("linear_regression", (3691108, 4294617, 17926908)), ("two_layer_net", (358864510, 26984126, 54920587))],
)
def test_the_costs_of_the_baselines_are_the_published_ones(name: str, costs: tuple[int, int, int]) -> None:
    components = library_program(name)
    assert tuple(sum(instruction.row.cost for instruction in component) for component in components) == costs


def test_logistic_regression_has_the_instructions_of_linear_regression() -> None:
    logistic, linear_regression = library_program("logistic_regression"), library_program("linear_regression")
    (rate,) = logistic.setup
    assert logistic == linear(rate.data[0]) != linear_regression


def test_the_default_constants_are_those_of_the_library() -> None:
    assert two_layer_net() == library_program("two_layer_net")
    assert linear(0.01) == library_program("linear_regression")


def test_other_constants_change_nothing_else() -> None:
    program = two_layer_net(learning_rate=0.5, init_scale=2)
    assert program.setup == (
        Instruction(BY_NAME["vector_gaussian_set"].number, out=2, data=(0.0, 2.0)),
        Instruction(BY_NAME["matrix_gaussian_set"].number, out=0, data=(0.0, 2.0)),
        Instruction(BY_NAME["scalar_const_set"].number, out=3, data=(0.5,)),
    )
    assert (program.predict, program.learn) == (two_layer_net().predict, two_layer_net().learn)
