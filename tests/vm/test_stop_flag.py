"""Compiled code ends soon after the stop flag is raised, whatever it is doing, and its callers report that it did."""

from __future__ import annotations

from threading import Timer
from time import monotonic

import numpy as np
import pytest

from automl_zero.program.library import library_program, two_layer_net
from automl_zero.program.text import from_text
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm.execute import evaluate
from automl_zero.vm.inference import train
from automl_zero.vm.stop_flag import StopFlag, Stopped

SOON = 20.0  # seconds, wide of the milliseconds that it takes on an idle machine; without the flag it would be hours
ENDLESS = 10_000_000  # epochs, of which the order is not written out: all are the same


def tasks(num_features: int = 4, examples: int = 1000, epochs: int = ENDLESS) -> TaskSet:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, examples, num_features)), rng.normal(size=(2, examples))
    order = np.broadcast_to(np.zeros(1, np.int64), (epochs, examples))
    if epochs > 1000:
        order = order[:, :1]  # an epoch of one example; the order of ten million of them takes 80 MB
        x, y = x[:, :1], y[:, :1]
    return TaskSet("endless", x, y, x, y, Loss.RMSE, 2, order)


def raised_soon() -> StopFlag:
    """A flag that is raised while what reads it is under way."""
    flag = StopFlag()
    Timer(0.3, flag.set).start()
    return flag


def test_an_evaluation_ends_when_its_flag_is_raised() -> None:
    evaluate(library_program("linear_regression"), tasks(epochs=1))  # compiled
    began = monotonic()
    with pytest.raises(Stopped):
        evaluate(library_program("linear_regression"), tasks(), stop=raised_soon())
    assert monotonic() - began < SOON


PRODUCTS = "def Setup():\n  m0 = gaussian(0, 1, (n_features, n_features))\ndef Predict():\n" + "".join(
    f"  m{1 + step % 2} = matmul(m0, m{2 - step % 2 if step else 0})\n" for step in range(20)
)


def test_a_single_instruction_that_takes_long_is_ended_too() -> None:
    text = f"{PRODUCTS}  v1 = dot(m2, v0)\n  s1 = dot(v1, v0)\ndef Learn():\n  m0 = m0 + m2\n"
    wide = tasks(num_features=2048, examples=2, epochs=1)
    began = monotonic()
    with pytest.raises(Stopped):
        evaluate(from_text(text), wide, lanes=8, stop=raised_soon())
    assert monotonic() - began < 3 * SOON  # memory of half a gigabyte is cleared first


def test_a_flag_that_is_raised_beforehand_ends_what_begins() -> None:
    flag = StopFlag()
    flag.set()
    with pytest.raises(Stopped):
        evaluate(two_layer_net(), tasks(epochs=1), stop=flag)


def test_training_ends_with_the_last_whole_epoch() -> None:
    flag, few = StopFlag(), tasks(epochs=3)
    full_budget = train(library_program("linear_regression"), few)
    flag.set()
    assert (train(library_program("linear_regression"), few, stop=flag).epochs == 0).all()
    assert (full_budget.epochs == 3).all()
    stopped = train(library_program("linear_regression"), tasks(), stop=raised_soon())
    assert (stopped.epochs < ENDLESS).all()
    assert (stopped.epochs > 0).all()


def test_a_flag_that_is_not_raised_checks_nothing() -> None:
    flag = StopFlag()
    flag.check()
    assert not flag.is_set
    flag.set()
    assert flag.is_set
