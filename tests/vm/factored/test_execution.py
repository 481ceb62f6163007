"""Programs with factored matrices give what the reference gives, whatever they do with their matrices."""

from __future__ import annotations

from collections.abc import Sequence
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import Program
from automl_zero.program.text import from_text
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm import reference
from automl_zero.vm.execute import evaluate as evaluate_by_engine
from automl_zero.vm.factored import execution, known_vectors, matrices
from automl_zero.vm.stop_flag import StopFlag, Stopped

FEATURES = 6


def tasks_of(seed: int, train: int = 23, valid: int = 11, epochs: int = 1, classes: int = 2) -> TaskSet:
    rng = np.random.default_rng(seed)
    train_x, valid_x = (rng.standard_normal((2, count, FEATURES)) for count in (train, valid))
    label = [(each[..., :classes].argmax(-1)).astype(float) for each in (train_x, valid_x)]
    order = np.array([rng.permutation(train) for _ in range(epochs)])
    return TaskSet(
        "random",
        train_x,
        label[0],
        valid_x,
        label[1],
        Loss.ACCURACY,
        num_classes=classes,
        train_order=order,
        noise_seed=seed,
    )


@pytest.fixture(params=[3, 100], ids=["short blocks", "one block"])
def _block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that end within the training, or none that does."""
    for module in (known_vectors, matrices):
        monkeypatch.setattr(module, "BLOCK", request.param)


def assert_same(program: Program, tasks: TaskSet, tolerance: float = 1e-7) -> None:
    for task, own in enumerate(execution.evaluate(program, tasks, dtype="float64")):
        expected = reference.evaluate(program, tasks, task)
        assert own.train_steps == expected.train_steps
        for one, other in zip(own.epochs, expected.epochs, strict=True):
            np.testing.assert_allclose(one.train_errors, other.train_errors, rtol=tolerance, atol=tolerance)
            np.testing.assert_allclose(one.outputs, other.outputs, rtol=tolerance, atol=tolerance)


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize("name", LIBRARY)
def test_library_programs_give_what_the_reference_gives(name: str) -> None:
    classes = 4 if LIBRARY[name].multiclass else 2
    assert_same(library_program(name), tasks_of(seed=1, epochs=2, classes=classes))


# Each line does something with a matrix that learns; those before and after it are a bilinear program.
LINES = {
    "a sum of sums": "m2 = m2 + m1; m3 = m2 - m1; s4 = norm(m3)",
    "a multiple": "s5 = 0.5; m1 = s5 * m1",
    "the mean": "s4 = mean(m1); s3 = s4 * s3",
    "the deviation": "s4 = std(m1); s4 = s4 * s3; v2 = s4 * v0",
    "the norm of a sum of products": "m2 = m2 + m0; s4 = norm(m2); s3 = s3 / s4",
    "elements": "m1 = abs(m1)",
    "one element": "m1[0.5, 0.2] = 0.3",
    "a transposed matrix": "m1 = transpose(m1)",
    "a product of matrices": "s5 = 0.1; m2 = s5 * m1; m1 = matmul(m2, m1)",
    "rows": "v2 = norm(m1, axis=1); v2 = v2 * v0",
    "a draw": "m2 = gaussian(0, 0.1, (n_features, n_features)); m1 = m1 + m2",
    "a vector of noise": "v3 = uniform(-0.2, 0.4, n_features)",
    "noise of another form": "v3 = gaussian(0.1, 0.2, n_features); v3 = v3 - v0",
    "a constant vector": "s5 = 0.1; v3 = bcast(s5)",
    "a matrix times what it learned": "v4 = dot(m1, v4); v5 = dot(m1, v0); v4 = heaviside(v5, 1.0)",
    "features that are overwritten": "v0 = v0 + v2",
    "the same matrix twice": "m2 = minimum(m1, m1); s5 = 0.01; m2 = s5 * m2; m1 = m1 + m2",
}


def bilinear_with(lines: Sequence[str]) -> Program:
    more = "".join(f" {each.strip()}\n" for line in lines for each in LINES[line].split(";"))
    return from_text(
        "def Setup():\n s3 = 0.05\n m1 = gaussian(0, 0.1, (n_features, n_features))\n"
        " v3 = uniform(0, 0.1, n_features)\n"
        "def Predict():\n v6 = v0 + v3\n v1 = dot(m1, v6)\n s1 = dot(v0, v1)\n s4 = dot(v4, v2)\n s1 = s1 + s4\n"
        "def Learn():\n s2 = s0 - s1\n s2 = s3 * s2\n v2 = s2 * v0\n m0 = outer(v2, v6)\n m1 = m1 + m0\n" + more
    )


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize("line", LINES)
def test_whatever_is_done_with_a_matrix_gives_what_the_reference_gives(line: str) -> None:
    assert_same(bilinear_with([line]), tasks_of(seed=2, epochs=2), tolerance=1e-6)


@given(st.lists(st.sampled_from(sorted(LINES)), min_size=2, max_size=4), st.integers(1, 30))
@settings(max_examples=40)
def test_so_does_whatever_is_done_together(lines: list[str], block: int) -> None:
    with mock.patch.object(known_vectors, "BLOCK", block), mock.patch.object(matrices, "BLOCK", block):
        assert_same(bilinear_with(lines), tasks_of(seed=3, train=12, valid=5, epochs=2), tolerance=1e-5)


@pytest.mark.parametrize("name", ["figure_6", "two_layer_net", "logistic_regression"])
def test_in_single_precision_the_scores_are_those_of_the_engine(name: str) -> None:
    tasks = tasks_of(seed=4, train=200, valid=100)
    found = [each.fitness for each in execution.evaluate(library_program(name), tasks)]
    expected = [each.fitness for each in evaluate_by_engine(library_program(name), tasks)]
    np.testing.assert_allclose(found, expected, atol=0.011)  # one example of a hundred


def test_of_several_epochs_the_best_counts_or_the_last() -> None:
    tasks, program = tasks_of(seed=5, epochs=3), library_program("figure_6")
    (best, *_), (last, *_) = (execution.evaluate(program, tasks, epochs=each) for each in ("best", "last"))
    assert best.fitness == max(each.fitness for each in best.epochs)
    assert last.fitness == best.epochs[-1].fitness


def test_a_flag_ends_an_evaluation() -> None:
    flag = StopFlag()
    flag.set()
    with pytest.raises(Stopped):
        execution.evaluate(library_program("figure_6"), tasks_of(seed=6), stop=flag)
