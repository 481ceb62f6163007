"""The kernel: every op, in every lane, does what the reference does, whatever the memory holds and whatever aliases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.programs import golden_data as golden
from support.programs import kernel_cases as cases
from support.programs.kernel_cases import Banks, every_width

from automl_zero.program.ops import BY_NAME, OPS, Array, Kind, Op
from automl_zero.program.program import Instruction
from automl_zero.vm import reference

Fill = Callable[[np.random.Generator, tuple[int, ...], str], Any]

SIZES = (1, 2, 3, 5, 7, 8, 13, 16, 17)  # of F
ADDRESSES = 3  # of each kind
ALIASES = ((0, 1, 2), (0, 1, 0), (0, 1, 1), (0, 0, 1), (0, 0, 0))  # in1, in2, out
FRACTIONS, CONSTANTS = (0.0, 0.3, 0.5, 0.999999), (-1.5, 0.0, 0.7, 3.0)
OUTPUT_OPS = OPS[1:]

every_op = pytest.mark.parametrize("row", OUTPUT_OPS, ids=lambda row: row.name)


def ordinary(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Any:
    return (rng.normal(size=shape) * 10.0 ** rng.uniform(-2, 2, shape)).astype(dtype)


def of_any_size(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Any:
    """From subnormal to nearly the largest possible."""
    info = np.finfo(dtype)
    exponents = rng.uniform(np.log10(float(info.smallest_subnormal)) + 1, np.log10(float(info.max)) - 1, shape)
    return (rng.choice([-1, 1], shape) * 10.0**exponents).astype(dtype)


def special(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Any:
    """Half of it zeros of both signs, infinities, NaN, whole numbers, and the extremes of the type."""
    info = np.finfo(dtype)
    specials = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, info.tiny, -info.smallest_subnormal, info.max, info.min]
    return np.where(rng.random(shape) < 0.5, rng.choice(np.array(specials, dtype), shape), ordinary(rng, shape, dtype))


FILLS: tuple[Fill, ...] = (ordinary, of_any_size, special)


def new_banks(fill: Fill, rng: np.random.Generator, num_features: int, dtype: str, lanes: int) -> Banks:
    return tuple(fill(rng, (ADDRESSES, *reference.shape_of(kind, num_features), lanes), dtype) for kind in Kind)


def instructions(row: Op, rng: np.random.Generator) -> list[Instruction]:
    """The op with every pattern of equal and different addresses, and with constants of all kinds."""
    count = len(row.inputs)
    patterns = {(*(in1, in2)[:count], *(0, 0)[count:], out) for in1, in2, out in ALIASES}
    return [Instruction(row.number, *pattern, constants(row, rng)) for pattern in sorted(patterns)]


def constants(row: Op, rng: np.random.Generator) -> tuple[float, ...]:
    def choose(name: str) -> float:
        return float(rng.choice(FRACTIONS if name in ("index", "row", "column") else CONSTANTS))

    return tuple(map(choose, row.constants))


@every_width
@every_op
def test_an_op_does_in_every_lane_what_the_reference_does(row: Op, dtype: str, lanes: int) -> None:
    rng = np.random.default_rng(row.number)
    for num_features in SIZES:
        for fill in FILLS:
            before = new_banks(fill, rng, num_features, dtype, lanes)
            for instruction in instructions(row, rng):
                check(instruction, before, rng)


def check(instruction: Instruction, before: Banks, rng: np.random.Generator) -> None:
    lanes, num_features = before[0].shape[-1], before[1].shape[1]
    tasks, place = rng.integers(0, 2**32, lanes), (int(rng.integers(0, 2**63)), int(rng.integers(0, 2**40)))
    stream = int(rng.integers(0, 1000))
    after = cases.run_kernel([instruction], before, [stream], tasks=tasks, seed=place[0], execution_step=place[1])
    draws = draws_of(instruction.row, num_features, tasks, place, stream)
    ((kind, out),) = instruction.outputs()
    assert_agrees(instruction, before, after[kind][out], cases.run_reference(instruction, before, draws))
    after[kind][out] = before[kind][out]
    for bank, expected in zip(after, before, strict=True):
        assert bank.tobytes() == expected.tobytes()  # nothing else has changed


def draws_of(row: Op, num_features: int, tasks: Any, place: tuple[int, int], stream: int) -> Array | None:
    if not row.draws or row.output is None:
        return None
    draw, count = reference.NOISE[row.draws], num_features**row.output
    return np.array([draw(place[0], int(task), stream, place[1], count) for task in tasks])


def assert_agrees(instruction: Instruction, before: Banks, actual: Any, expected: Array) -> None:
    row, dtype = instruction.row, actual.dtype.name
    if cases.sums(row):
        assert_sums_agree(instruction, before, actual, expected)
    elif row.number in golden.LIBRARY_FUNCTIONS:
        assert_close(actual, expected, 4 * spacing(expected, dtype))
        zero = expected == 0
        np.testing.assert_array_equal(np.signbit(actual[zero]), np.signbit(expected[zero]))
    elif row.draws:
        assert_close(actual, expected, draw_error(instruction, dtype))
    else:
        with np.errstate(over="ignore"):
            assert_identical(actual, expected.astype(dtype))


def assert_identical(actual: Any, expected: Any) -> None:
    """Bit for bit, but for what a NaN consists of."""
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(actual), nan)
    assert actual[~nan].tobytes() == expected[~nan].tobytes()


def assert_close(actual: Any, expected: Array, limit: Any) -> None:
    actual = actual.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        good = (actual == expected) | (np.isnan(actual) & np.isnan(expected)) | (abs(actual - expected) <= limit)
    assert good.all(), (actual[~good], expected[~good])


def spacing(expected: Array, dtype: str) -> Array:
    """A unit in the last place; infinite where the number is too large for the type, or where it is next to that."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = abs(expected.astype(dtype))
        unit = np.spacing(rounded).astype(np.float64)
    return np.where(np.isinf(rounded) & np.isfinite(expected), np.inf, np.where(np.isfinite(unit), unit, 0))


def draw_error(instruction: Instruction, dtype: str) -> float:
    """Uniform draws are exact in both precisions, only what is done with them is rounded; normal draws are not."""
    first, second = instruction.data
    units = 4 if instruction.row.draws == "uniform" else 50
    return units * float(np.finfo(dtype).eps) * (abs(first) + abs(second))


def assert_sums_agree(instruction: Instruction, before: Banks, actual: Any, expected: Array) -> None:
    """Up to rounding, where the size of the terms can be represented; elsewhere the order of a sum decides."""
    row, dtype, num_features = instruction.row, actual.dtype.name, before[1].shape[1]
    inputs = [before[kind][address].astype(np.float64) for kind, address in instruction.inputs()]
    by_lane = [[x[..., lane] for x in inputs] for lane in range(before[0].shape[-1])]
    sizes = np.stack([cases.size_of_terms(row, of_lane) for of_lane in by_lane], -1)
    limits = np.stack([cases.rounding(row, of_lane, num_features, dtype) for of_lane in by_lane], -1)
    fits = sizes * cases.sums_over(row, num_features) < np.finfo(dtype).max / 4
    actual, expected = actual[fits].astype(np.float64), expected[fits]
    if cases.is_root(row):
        actual, expected = actual**2, expected**2
    assert_close(actual, expected, limits[fits].astype(np.float64))


@every_width
@pytest.mark.parametrize("name", ["vector_norm", "matrix_norm", "matrix_row_norm", "matrix_column_norm", "vector_mean"])
def test_a_sum_that_is_too_large_is_infinite(name: str, dtype: str, lanes: int) -> None:
    def huge(_rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Any:
        return np.full(shape, np.finfo(dtype).max / 2, dtype)

    before = new_banks(huge, np.random.default_rng(0), 5, dtype, lanes)
    row = BY_NAME[name]
    assert row.output is not None
    after = cases.run_kernel([Instruction(row.number, out=1)], before)
    assert np.isposinf(after[row.output][1]).all()


@every_width
def test_instructions_run_in_order(dtype: str, lanes: int) -> None:
    rng = np.random.default_rng(3)
    names = ("matrix_vector_product", "vector_outer_product", "matrix_transpose", "matrix_sum", "vector_abs")
    sequence = [Instruction(BY_NAME[name].number, *ALIASES[k % 5]) for k, name in enumerate(names * 3)]
    before = new_banks(ordinary, rng, 6, dtype, lanes)
    one_by_one = before
    for instruction in sequence:
        one_by_one = cases.run_kernel([instruction], one_by_one)
    at_once = cases.run_kernel(sequence, before)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one_by_one, at_once, strict=True))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_op
def test_a_lane_does_not_depend_on_the_number_of_lanes(row: Op, dtype: str) -> None:
    narrow, wide = sorted(lanes for name, lanes in cases.WIDTHS if name == dtype)
    rng = np.random.default_rng(row.number)
    for fill in FILLS:
        before = new_banks(fill, rng, 7, dtype, wide)
        for instruction in instructions(row, rng):
            alone = cases.run_kernel([instruction], tuple(bank[..., :narrow] for bank in before))
            together = cases.run_kernel([instruction], before)
            for bank, other in zip(alone, together, strict=True):
                assert_identical(bank, np.ascontiguousarray(other[..., :narrow]))
