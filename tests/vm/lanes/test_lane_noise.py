"""Draws on lanes are those of the NumPy definition: bit for bit where uniform, up to rounding where normal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.programs import kernel_cases as cases
from support.programs.kernel_cases import every_width

from automl_zero.program.ops import BY_NAME, Kind
from automl_zero.program.program import Instruction
from automl_zero.vm import noise
from automl_zero.vm.lanes import lane_noise

NUM_FEATURES = 16
WORDS, STREAMS, TICKS = st.integers(0, 2**64 - 1), st.integers(0, 200), st.integers(0, 2**40)


def draw(name: str, dtype: str, lanes: int, tasks: Any, seed: int, stream: int, execution_step: int) -> Any:
    """[lanes, F * F] standard draws."""
    shapes = (2,), (1, NUM_FEATURES), (1, NUM_FEATURES, NUM_FEATURES)
    banks = tuple(np.zeros((*shape, lanes), dtype) for shape in shapes)
    instruction = Instruction(BY_NAME[name].number, data=(0.0, 1.0))
    after = cases.run_kernel([instruction], banks, [stream], tasks=tasks, seed=seed, execution_step=execution_step)
    return after[Kind.MATRIX].reshape(-1, lanes).T


def defined(draw_one: Any, tasks: Any, seed: int, stream: int, execution_step: int) -> Any:
    return np.array([draw_one(seed, int(task), stream, execution_step, NUM_FEATURES**2) for task in tasks])


@every_width
@settings(max_examples=40, deadline=None)
@given(seed=WORDS, stream=STREAMS, execution_step=TICKS, first=st.integers(0, 2**32 - 17))
def test_uniform_draws_are_equal_in_both_precisions(
    dtype: str, lanes: int, seed: int, stream: int, execution_step: int, first: int
) -> None:
    tasks = first + np.arange(lanes)
    actual = draw("matrix_uniform_set", dtype, lanes, tasks, seed, stream, execution_step)
    np.testing.assert_array_equal(actual, defined(noise.uniform, tasks, seed, stream, execution_step))


@every_width
@settings(max_examples=40, deadline=None)
@given(seed=WORDS, stream=STREAMS, execution_step=TICKS, first=st.integers(0, 2**32 - 17))
def test_normal_draws_are_equal_up_to_rounding(
    dtype: str, lanes: int, seed: int, stream: int, execution_step: int, first: int
) -> None:
    tasks = first + np.arange(lanes)
    actual = draw("matrix_gaussian_set", dtype, lanes, tasks, seed, stream, execution_step)
    limit = {"float32": 3e-6, "float64": 2e-15}[dtype]
    np.testing.assert_allclose(actual, defined(noise.normal, tasks, seed, stream, execution_step), rtol=0, atol=limit)


@pytest.mark.parametrize("name", ["matrix_uniform_set", "matrix_gaussian_set"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_draws_do_not_depend_on_the_number_of_lanes(dtype: str, name: str) -> None:
    narrow, wide = (
        draw(name, dtype, lanes, 5 + np.arange(lanes), 1, 2, 3) for other, lanes in cases.WIDTHS if other == dtype
    )
    np.testing.assert_array_equal(narrow, wide[: len(narrow)])


@given(word=WORDS, stream=STREAMS, execution_step=TICKS)
def test_keys_are_those_of_the_definition(word: int, stream: int, execution_step: int) -> None:
    assert int(lane_noise.mix64(np.uint64(word))) == noise.mix64(word)
    assert int(lane_noise.execution_key(np.uint64(word), stream, execution_step)) == noise.execution_key(
        word, stream, execution_step
    )
