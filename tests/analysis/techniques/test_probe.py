"""Steps by hand are those of the reference."""

from __future__ import annotations

import numpy as np
import pytest

from automl_zero.analysis.techniques.probe import CLASSES, STEPS, Probe
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm.reference import evaluate


@pytest.mark.parametrize("logistic", [False, True])
@pytest.mark.parametrize("name", LIBRARY)
def test_a_probe_trains_as_the_reference_does(name: str, logistic: bool) -> None:
    multiclass = LIBRARY[name].multiclass
    probe = Probe(library_program(name), multiclass, logistic)
    x, labels = probe.examples
    y = np.argmax(labels, axis=1).astype(float) if multiclass else labels
    loss = Loss.ACCURACY if logistic or multiclass else Loss.RMSE
    tasks = TaskSet("probe", x[None], y[None], x[None, :1], y[None, :1], loss, CLASSES if multiclass else 2)
    expected = evaluate(probe.program, tasks, 0).epochs[0].train_errors
    for step_number, state in enumerate(probe.states, 1):
        prediction = probe.normalize(probe.output(state, step_number))
        error = 1 - prediction[int(y[step_number - 1])] if multiclass else abs(y[step_number - 1] - prediction[0])
        assert error == pytest.approx(expected[step_number - 1], rel=1e-9, abs=1e-12)


def test_a_program_that_diverges_is_probed_as_long_as_it_does_not() -> None:
    assert 2 < len(Probe(library_program("figure_5")).states) < STEPS


def test_a_step_leaves_the_memory_from_which_it_begins() -> None:
    probe = Probe(library_program("two_layer_net"))
    state = probe.states[3]
    before = [bank.copy() for bank in state.banks]
    after, _ = probe.step(state, 4, label=lambda prediction: prediction + 1.0)
    assert all(np.array_equal(a, b) for a, b in zip(before, state.banks, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(before, after.banks, strict=True))


def test_where_there_is_no_error_a_regression_learns_nothing() -> None:
    probe = Probe(library_program("linear_regression"))
    state = probe.states[3]
    after, _ = probe.step(state, 4, label=lambda prediction: prediction)
    assert np.array_equal(after.banks[1][1], state.banks[1][1])


def test_what_a_line_gives_can_be_changed_on_purpose() -> None:
    probe = Probe(library_program("linear_regression"))
    _, trace = probe.step(probe.states[3], 4, change=lambda line, value: 0 * value if line == ("learn", 1) else value)
    assert not np.any(trace["learn", 2][-1])
    assert np.any(trace["learn", 0][-1])
