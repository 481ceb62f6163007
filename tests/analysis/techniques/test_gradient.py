"""Responses to errors are summarized exactly, and tell gradient descent from what resembles it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from automl_zero.analysis.techniques.gradient import Response, cell_responses
from automl_zero.analysis.techniques.program_view import view_of
from automl_zero.program.library import library_program
from automl_zero.program.ops import Kind

GRADIENTS = np.array([[[1.0, 0.0], [0.0, 2.0]]])  # one state, two examples, two elements
DESCENT = Response(
    changes=0.1 * GRADIENTS,
    large_error_changes=0.1 * GRADIENTS,
    gradients=GRADIENTS,
    zero_error_changes=np.zeros((1, 2, 2)),
    values=np.ones((1, 2)),
)


def test_gradient_descent_has_one_rate_along_the_gradient_and_is_linear_in_the_error() -> None:
    assert DESCENT.is_learned
    assert DESCENT.cosine == pytest.approx(1)
    assert DESCENT.rates == (pytest.approx((0.1, 0.1)),)
    assert DESCENT.is_static
    assert DESCENT.linearity == pytest.approx(1)


def test_a_step_in_another_direction_lowers_the_cosine() -> None:
    assert replace(DESCENT, changes=0.1 * GRADIENTS[..., ::-1]).cosine == pytest.approx(0)
    assert replace(DESCENT, changes=-0.1 * GRADIENTS).cosine == pytest.approx(-1)


def test_the_sign_of_the_error_is_not_linear_in_it() -> None:
    assert replace(DESCENT, large_error_changes=0.01 * GRADIENTS).linearity == pytest.approx(0.1)


def test_weight_decay_is_static_and_a_drift_by_the_example_is_not() -> None:
    assert replace(DESCENT, zero_error_changes=np.full((1, 2, 2), -0.1)).is_static
    assert not replace(DESCENT, zero_error_changes=0.1 * GRADIENTS).is_static


def test_of_a_linear_model_the_weights_alone_respond_to_errors() -> None:
    view = view_of(library_program("linear_regression"))
    for probe in view.probes:
        ((cell, response),) = cell_responses(view, probe).items()
        assert cell == (Kind.VECTOR, 1)
        assert response.cosine > 0.999
