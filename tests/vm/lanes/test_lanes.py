"""The lane type: its operations are NumPy's, lane by lane, for every width, special values included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.programs import kernel_cases as cases
from support.programs.kernel_cases import every_width

from automl_zero.vm.jit import jit
from automl_zero.vm.lanes import lane_arithmetic
from automl_zero.vm.lanes.lanes import (
    Width,
    is_double,
    load,
    load_words,
    splat,
    store,
    width_of,
    width_of_lanes,
    zeros,
)

GUARD = 3  # elements on either side; it also moves the lanes away from any alignment
UNSIGNED = {"float32": np.uint32, "float64": np.uint64}


@jit
def operations(width: Any, source: int, target: int) -> None:
    """Every operation on the lanes a, b, c that lie one after the other in the source; each has its row in RESULTS."""
    n = width_of(width)
    a, b, c = load(width, source, 0), load(width, source, n), load(width, source, 2 * n)
    zero = zeros(width)
    store(target, 0 * n, zero)
    store(target, 1 * n, splat(a, 2.5))
    store(target, 2 * n, splat(a, 7))
    store(target, 3 * n, a + b)
    store(target, 4 * n, a - b)
    store(target, 5 * n, a * b)
    store(target, 6 * n, a / b)
    store(target, 7 * n, lane_arithmetic.absolute(a))
    store(target, 8 * n, lane_arithmetic.square_root(a))
    store(target, 9 * n, lane_arithmetic.round_to_even(a))
    store(target, 10 * n, lane_arithmetic.where_less(a, b, a, c))
    store(target, 11 * n, lane_arithmetic.where_at_most(a, b, a, c))
    store(target, 12 * n, lane_arithmetic.where_equal(a, b, a, c))
    store(target, 13 * n, lane_arithmetic.float_from_bits(a, lane_arithmetic.bits_of_float(a)))
    store(target, 14 * n, lane_arithmetic.set_lane(a, 1, lane_arithmetic.get_lane(b, 2)))
    store(target, 15 * n, lane_arithmetic.fma(a, b, c))


def exact_fma(a: Any, b: Any, c: Any) -> Any:
    """Right for float32, whose products are exact in float64, but for the rare sum that is rounded twice."""
    return (a.astype(np.longdouble) * b + c).astype(a.dtype)


RESULTS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "zeros": lambda a, _b, _c: np.zeros_like(a),
    "splat of a number": lambda a, _b, _c: np.full_like(a, 2.5),
    "splat of a whole number": lambda a, _b, _c: np.full_like(a, 7),
    "sum": lambda a, b, _c: a + b,
    "difference": lambda a, b, _c: a - b,
    "product": lambda a, b, _c: a * b,
    "quotient": lambda a, b, _c: a / b,
    "absolute": lambda a, _b, _c: np.abs(a),
    "square root": lambda a, _b, _c: np.sqrt(a),
    "round to even": lambda a, _b, _c: np.rint(a),
    "where less": lambda a, b, c: np.where(a < b, a, c),
    "where at most": lambda a, b, c: np.where(a <= b, a, c),
    "where equal": lambda a, b, c: np.where(a == b, a, c),
    "bits and back": lambda a, _b, _c: a,
    "one lane replaced": lambda a, b, _c: np.where(np.arange(len(a)) == 1, b[2], a),
    "fused": exact_fma,
}


@jit
def masks(width: Any, source: int) -> Any:
    a, b = load(width, source, 0), load(width, source, width_of(width))
    return lane_arithmetic.less_mask(a, b), lane_arithmetic.at_most_mask(a, b), lane_arithmetic.equal_mask(a, b)


@jit
def integers(width: Any, source: int, target: int) -> Any:
    """Whole numbers a and b as unsigned integers and back."""
    n = width_of(width)
    a, b = lane_arithmetic.to_integer(load(width, source, 0)), lane_arithmetic.to_integer(load(width, source, n))
    three = splat(a, 3)
    results = a + b, a - b, a * b, a & b, a | b, a ^ b, a << three, a >> three
    for k, result in enumerate(results):
        store(target, k * n, result)
    store(target, len(results) * n, lane_arithmetic.to_float(zeros(width), a))


@jit
def words(width: Any, source: int, target: int) -> Any:
    store(target, 0, load_words(width, source, 0) + load_words(width, source, 1))


@jit
def shape(width: Any) -> Any:
    zero = zeros(width)
    return width_of(width), width_of_lanes(zero), is_double(zero)


def some_values(rng: np.random.Generator, dtype: str, lanes: int) -> Any:
    """[3, lanes] with each special value in a lane next to each other one, over time."""
    specials = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 0.5, 1.5, 2.5, -2.5, 3e38, 1.0], dtype)
    values = np.where(rng.random((3, lanes)) < 0.6, rng.choice(specials, (3, lanes)), rng.normal(size=(3, lanes)))
    return values.astype(dtype)


def inside(values: Any, rows: int, dtype: Any) -> tuple[Any, Any, Any]:
    """The values and room for rows of results, each inside a guard."""
    source = np.full(values.size + 2 * GUARD, 9, values.dtype)
    source[GUARD:-GUARD] = values.ravel()
    room = np.full(rows * values.shape[-1] + 2 * GUARD, 9, dtype)
    return source, room, room[GUARD:-GUARD].reshape(rows, -1)


def address(guarded: Any) -> int:
    return int(guarded[GUARD:].ctypes.data)


@every_width
def test_operations_are_those_of_numpy(dtype: str, lanes: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        values = some_values(rng, dtype, lanes)
        source, room, results = inside(values, len(RESULTS), dtype)
        operations(Width(dtype, lanes), address(source), address(room))
        assert (room[:GUARD] == 9).all()
        assert (room[-GUARD:] == 9).all()
        for (name, expected), actual in zip(RESULTS.items(), results, strict=True):
            with np.errstate(all="ignore"):
                assert_same(name, actual, expected(*values))


def assert_same(name: str, actual: Any, expected: Any) -> None:
    nan = np.isnan(expected)
    assert (np.isnan(actual) == nan).all(), name
    limit = 2 * np.spacing(abs(expected[~nan])) if name == "fused" else 0
    near = (actual[~nan] == expected[~nan]) | (abs(actual[~nan] - expected[~nan]) <= limit)
    assert near.all(), (name, actual, expected)
    assert (np.signbit(actual[~nan]) == np.signbit(expected[~nan])).all(), (name, actual, expected)


@every_width
def test_a_fused_product_is_rounded_once(dtype: str, lanes: int) -> None:
    tiny = np.finfo(dtype).eps
    values = np.repeat(np.array([[1 + tiny], [1 - tiny], [-1]], dtype), lanes, axis=1)
    source, room, results = inside(values, len(RESULTS), dtype)
    operations(Width(dtype, lanes), address(source), address(room))
    assert (results[-1] == -(tiny**2)).all()


@every_width
def test_a_mask_has_one_bit_for_each_lane_and_none_for_nan(dtype: str, lanes: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        values = some_values(rng, dtype, lanes)
        a, b, _ = values
        bits = masks(Width(dtype, lanes), values.ctypes.data)
        for mask, expected in zip(bits, (a < b, a <= b, a == b), strict=True):
            assert [bool(mask >> lane & 1) for lane in range(lanes)] == expected.tolist()
            assert 0 <= mask < 1 << lanes


@every_width
def test_integers_are_unsigned_and_wrap_around(dtype: str, lanes: int) -> None:
    values = np.random.default_rng(2).integers(0, 4000, (2, lanes)).astype(dtype)
    unsigned = UNSIGNED[dtype]
    source, room, results = inside(values, 9, dtype)
    integers(Width(dtype, lanes), address(source), address(room))
    a, b = values.astype(unsigned)
    expected = [a + b, a - b, a * b, a & b, a | b, a ^ b, a << unsigned(3), a >> unsigned(3)]
    assert results[:8].view(unsigned).tolist() == [row.tolist() for row in expected]
    assert results[8].tolist() == values[0].tolist()


@every_width
def test_words_are_32_bits_for_every_precision(dtype: str, lanes: int) -> None:
    source = np.random.default_rng(3).integers(0, 2**32, lanes + 1).astype(np.uint32)
    target = np.zeros(lanes, np.uint32)
    words(Width(dtype, lanes), source.ctypes.data, target.ctypes.data)
    assert (target == source[:-1] + source[1:]).all()


@every_width
def test_the_width_and_the_precision_are_known_to_compiled_code(dtype: str, lanes: int) -> None:
    assert shape(Width(dtype, lanes)) == (lanes, lanes, dtype == "float64")


def test_lanes_of_different_types_cannot_be_added() -> None:
    single, double = (Width(dtype, 4) for dtype in ("float32", "float64"))

    @jit
    def mixed(a: Any, b: Any) -> int:
        zeros(a) + zeros(b)
        return 0

    with pytest.raises(Exception, match="No implementation of function"):
        mixed(single, double)


def test_all_widths_of_the_tests_fill_machine_vectors() -> None:
    assert {lanes * np.dtype(dtype).itemsize for dtype, lanes in cases.WIDTHS} == {32, 64}
