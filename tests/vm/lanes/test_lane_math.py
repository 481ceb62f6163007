"""Transcendental functions on lanes: accurate to 4 units in the last place everywhere, the same for every width."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.programs import golden_data as golden
from support.programs import kernel_cases as cases
from support.programs.kernel_cases import every_width

from automl_zero.program.ops import OPS, Op
from automl_zero.program.program import MAX_ADDRESSES, Instruction
from automl_zero.vm import fitness
from automl_zero.vm.jit import jit
from automl_zero.vm.lanes import lane_math
from automl_zero.vm.lanes.lanes import Width, load, store, width_of

PI, INF, NAN = np.pi, np.inf, np.nan
FUNCTIONS = {OPS[number].name.removeprefix("scalar_"): OPS[number] for number in golden.LIBRARY_FUNCTIONS}

# Arguments and the results that are exact, or known without computing; -0.0 is not 0.0.
SPECIAL = {
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN)],
    "tan": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN)],
    "arcsin": [
        (0.0, 0.0),
        (-0.0, -0.0),
        (1.0, PI / 2),
        (-1.0, -PI / 2),
        (1.5, NAN),
        (-1.5, NAN),
        (INF, NAN),
        (-INF, NAN),
    ],
    "arccos": [(1.0, 0.0), (0.0, PI / 2), (-1.0, PI), (1.5, NAN), (-1.5, NAN), (INF, NAN), (-INF, NAN)],
    "arctan": [(0.0, 0.0), (-0.0, -0.0), (INF, PI / 2), (-INF, -PI / 2)],
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (1000.0, INF), (-1000.0, 0.0)],
    "log": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (INF, INF), (-INF, NAN), (-1.0, NAN)],
}


every_function = pytest.mark.parametrize("name", FUNCTIONS)


def apply(row: Op, dtype: str, lanes: int, x: Any) -> Any:
    """The function of all arguments, ``MAX_ADDRESSES`` instructions and so many lanes at a time."""
    block = MAX_ADDRESSES * lanes
    arguments = np.resize(x, -(-len(x) // block) * block).astype(dtype).reshape(-1, MAX_ADDRESSES, lanes)
    program = [Instruction(row.number, in1=address, out=address) for address in range(MAX_ADDRESSES)]
    nothing = np.zeros((1, 1, lanes), dtype), np.zeros((0, 1, 1, lanes), dtype)
    return np.concatenate([cases.run_kernel(program, (part, *nothing))[0].ravel() for part in arguments])[: len(x)]


def arguments(name: str, dtype: str) -> Any:
    """Numbers of every size, close to each other where the function is evaluated most, and around multiples of pi."""
    rng, info = np.random.default_rng(4), np.finfo(dtype)
    if name.startswith(("arcs", "arcc")):
        near_one = 1 - 10.0 ** rng.uniform(-16, 0, 4000)
        x = np.concatenate([rng.uniform(-1, 1, 20_000), near_one, 10.0 ** rng.uniform(-30, 0, 2000)])
    else:
        sizes = 10.0 ** rng.uniform(np.log10(float(info.smallest_subnormal)) + 1, np.log10(float(info.max)) - 1, 20_000)
        multiples = rng.integers(1, 6000, 8000) * (PI / 4) * (1 + rng.normal(size=8000) * 1e-9)
        near_one = 1 + rng.normal(size=4000) * 10.0 ** rng.uniform(-9, 0, 4000)
        x = np.concatenate([sizes, multiples, near_one, rng.uniform(0, 12, 20_000), rng.uniform(0, 800, 20_000)])
    return np.concatenate([x, -x]).astype(dtype)


def units_in_the_last_place(actual: Any, expected: Any) -> Any:
    """How far off, in units of the expected numbers in the type of the actual ones; equal infinities and NaN are 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = expected.astype(actual.dtype)
        unit = np.spacing(abs(rounded)).astype(expected.dtype)
        off = abs(actual.astype(expected.dtype) - expected) / unit
    return np.where((actual == rounded) | (np.isnan(actual) & np.isnan(rounded)), 0, off)


@np.errstate(all="ignore")
def true_values(row: Op, x: Any) -> Any:
    """By NumPy in a higher precision."""
    return row.meaning(x.astype(np.float64 if x.dtype == np.float32 else np.longdouble))


@every_width
@every_function
def test_a_function_is_accurate_to_4_units_in_the_last_place(name: str, dtype: str, lanes: int) -> None:
    row, x = FUNCTIONS[name], arguments(name, dtype)
    off = units_in_the_last_place(apply(row, dtype, lanes, x), true_values(row, x))
    worst = np.nanargmax(np.where(np.isnan(off), np.inf, off))
    assert off[worst] <= 4, f"{name}({x[worst]!r}) is off by {off[worst]}"


@every_width
@every_function
def test_special_arguments_have_exact_results(name: str, dtype: str, lanes: int) -> None:
    x, expected = np.array([*SPECIAL[name], (NAN, NAN)], dtype).T
    actual = apply(FUNCTIONS[name], dtype, lanes, x)
    np.testing.assert_array_equal(actual, expected)
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(actual[~nan]), np.signbit(expected[~nan]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_function
def test_results_are_the_same_for_every_width(name: str, dtype: str) -> None:
    x = arguments(name, dtype)
    narrow, wide = (apply(FUNCTIONS[name], dtype, lanes, x) for other, lanes in cases.WIDTHS if other == dtype)
    np.testing.assert_array_equal(narrow, wide)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sin", "tan", "arcsin", "arctan"])
def test_odd_functions_are_exactly_odd(name: str, dtype: str) -> None:
    x = arguments(name, dtype)
    left, right = (apply(FUNCTIONS[name], dtype, 8, argument) for argument in (-x, x))
    np.testing.assert_array_equal(left, -right)


@jit
def sigmoid(width: Any, source: int, target: int, count: int) -> None:
    for k in range(0, count, width_of(width)):
        store(target, k, lane_math.sigmoid(load(width, source, k)))


@every_width
def test_the_sigmoid_is_that_of_the_fitness(dtype: str, lanes: int) -> None:
    x = np.array([0.0, -0.0, INF, -INF, NAN, 1e-20, -1e-20, *np.linspace(-100, 100, 9993)], dtype)
    actual = np.zeros_like(x)
    sigmoid(Width(dtype, lanes), x.ctypes.data, actual.ctypes.data, len(x))
    expected = np.array([fitness.sigmoid(float(value)) for value in x])
    limit = 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(actual, expected, rtol=limit, atol=float(np.finfo(dtype).tiny))
    assert actual[:4].tolist() == [0.5, 0.5, 1.0, 0.0]
    assert np.isnan(actual[4])
