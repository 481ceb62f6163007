"""The rows of the instruction set: consistent in themselves, and the meanings that are easy to get wrong."""

from __future__ import annotations

import re
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from automl_zero.program.ops import (
    BY_NAME,
    CONSTANT_OPS,
    LEARN_OPS,
    OPS,
    PARTIAL_OPS,
    PREDICT_OPS,
    RANDOM_OPS,
    SETUP_OPS,
    Kind,
    Op,
    op_number,
    ops_of_family,
)

F = 3
each_op = pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)


def arguments_of(op: Op, rng: np.random.Generator) -> list[Any]:
    first = op.output if op.draws or op.partial else None
    kinds = op.inputs if first is None else (first, *op.inputs)
    return [rng.uniform(0.1, 0.9, (F,) * kind) for kind in kinds] + [0.4] * len(op.constants)


def test_there_are_65_ops_numbered_by_position() -> None:
    assert [op.number for op in OPS] == list(range(65))


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(OPS)


def test_no_two_ops_look_the_same() -> None:
    assert len({(op.form, op.inputs, op.output) for op in OPS}) == len(OPS)


def test_only_no_op_has_no_output() -> None:
    assert [op.name for op in OPS if op.output is None] == ["no_op"]


def test_kinds_follow_from_the_signature() -> None:
    op = BY_NAME["matrix_vector_product"]
    assert (op.inputs, op.output) == ((Kind.MATRIX, Kind.VECTOR), Kind.VECTOR)
    assert [kind.prefix for kind in Kind] == ["s", "v", "m"]


@each_op
def test_form_has_a_slot_for_every_operand_and_no_other(op: Op) -> None:
    operands = ["in1", "in2"][: len(op.inputs)] + ["out"] * (op.output is not None)
    assert sorted(re.findall(r"{(\w+)}", op.form)) == sorted([*operands, *op.constants])


@each_op
def test_cost_is_positive(op: Op) -> None:
    assert op.cost > 0


@each_op
def test_a_random_op_has_two_constants_and_no_inputs(op: Op) -> None:
    assert op.draws in ("", "uniform", "normal")
    assert not op.draws or (len(op.constants) == 2 and not op.inputs)


@each_op
def test_output_broadcasts_to_the_kind_that_the_signature_tells(op: Op) -> None:
    if op.output is None:
        return
    result = op.meaning(*arguments_of(op, np.random.default_rng(0)))
    assert np.broadcast_to(result, (F,) * op.output).shape == (F,) * op.output
    assert np.isfinite(result).all()


@each_op
def test_inputs_of_a_commutative_op_may_change_places_even_where_they_are_not_finite(op: Op) -> None:
    if len(set(op.inputs)) != 1 or len(op.inputs) != 2:
        assert not op.commutative
        return
    special = np.array([nan, inf, -inf, 0.0, 0.7, -1.3])
    values = [special[np.random.default_rng(seed).integers(6, size=(F,) * op.inputs[0])] for seed in range(40)]
    with np.errstate(all="ignore"):
        pairs = [(op.meaning(a, b), op.meaning(b, a)) for a in values for b in values]
    assert op.commutative == all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)


@each_op
def test_inputs_are_left_as_they_are(op: Op) -> None:
    arguments = arguments_of(op, np.random.default_rng(0))
    before = [np.copy(argument) for argument in arguments]
    op.meaning(*arguments)
    for argument, copy in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(argument, copy)


COLUMN, ROW = np.array([[1.0, 1.0], [2.0, 2.0]]), np.array([[1.0, 2.0], [1.0, 2.0]])
PAIR, SQUARE = np.array([1.0, 2.0]), np.array([[3.0, 0.0], [4.0, 5.0]])
NAN_FIRST, NAN_SECOND = np.array([nan, 1.0]), np.array([1.0, nan])


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("scalar_heaviside", [0.0], 1.0),
        ("scalar_heaviside", [-0.0], 1.0),
        ("scalar_heaviside", [nan], 0.0),
        ("vector_heaviside", [np.array([0.0, 1e-300, nan])], [0.0, 1.0, 0.0]),
        ("matrix_heaviside", [np.array([[0.0, inf]])], [[0.0, 1.0]]),
        ("scalar_min", [nan, 1.0], nan),
        ("scalar_min", [1.0, nan], 1.0),
        ("scalar_max", [nan, 1.0], nan),
        ("scalar_max", [1.0, nan], 1.0),
        ("vector_min", [NAN_FIRST, NAN_SECOND], [nan, 1.0]),
        ("vector_max", [NAN_FIRST, NAN_SECOND], [nan, 1.0]),
        ("matrix_min", [NAN_FIRST, NAN_SECOND], [1.0, nan]),
        ("matrix_max", [NAN_FIRST, NAN_SECOND], [1.0, nan]),
        ("vector_st_dev", [PAIR], 0.5),
        ("matrix_st_dev", [ROW], 0.5),
        ("matrix_row_st_dev", [ROW], [0.5, 0.5]),
        ("matrix_row_mean", [SQUARE], [1.5, 4.5]),
        ("matrix_column_norm", [SQUARE], [5.0, 5.0]),
        ("matrix_row_norm", [SQUARE], [3.0, np.sqrt(41.0)]),
        ("matrix_norm", [SQUARE], np.sqrt(50.0)),
        ("vector_column_broadcast", [PAIR], COLUMN),
        ("vector_row_broadcast", [PAIR], ROW),
        ("vector_outer_product", [PAIR, np.array([1.0, 10.0])], [[1.0, 10.0], [2.0, 20.0]]),
        ("matrix_vector_product", [SQUARE, PAIR], [3.0, 14.0]),
        ("matrix_product", [SQUARE, SQUARE], [[9.0, 0.0], [16.0, 25.0]]),
        ("matrix_matrix_product", [SQUARE, SQUARE], [[9.0, 0.0], [32.0, 25.0]]),
        ("matrix_transpose", [SQUARE], [[3.0, 4.0], [0.0, 5.0]]),
        ("vector_const_set", [PAIR, 0.5, 9.0], [1.0, 9.0]),
        ("matrix_const_set", [SQUARE, 0.49, 0.99, 9.0], [[3.0, 9.0], [4.0, 5.0]]),
        ("scalar_uniform_set", [0.5, -1.0, 1.0], 0.0),
        ("vector_uniform_set", [PAIR / 4, 0.6, 0.2], [0.6, 0.6]),
        ("vector_gaussian_set", [PAIR, 10.0, 2.0], [12.0, 14.0]),
    ],
)
def test_meaning_is_exactly(name: str, arguments: list[Any], expected: Any) -> None:
    result = np.broadcast_to(BY_NAME[name].meaning(*arguments), np.shape(expected))
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("name", ["vector_st_dev", "matrix_st_dev", "matrix_row_st_dev"])
def test_the_deviation_of_equal_numbers_is_almost_zero_and_never_nan(name: str) -> None:
    op = BY_NAME[name]
    for tenths in range(60):  # for 0.1 and many others, rounding makes E[x^2] - E[x]^2 negative
        assert np.all(op.meaning(np.full((F,) * op.inputs[0], tenths / 10)) < 1e-6)


def test_an_op_is_found_by_its_name() -> None:
    assert [op_number(op.name) for op in OPS] == [op.number for op in OPS]
    with pytest.raises(KeyError):
        op_number("scalar_none")


def test_a_family_is_found_by_its_name() -> None:
    assert [op.name for op in ops_of_family("step", "dot")] == [
        "vector_heaviside",
        "matrix_heaviside",
        "vector_inner_product",
    ]
    with pytest.raises(ValueError, match="no op is of the family root: use the 'family' of a row"):
        ops_of_family("root", "sum")


@each_op
def test_ops_of_a_family_have_the_same_constants_and_the_same_number_of_inputs(op: Op) -> None:
    assert {(each.constants, len(each.inputs), each.draws) for each in ops_of_family(op.family)} == {
        (op.constants, len(op.inputs), op.draws)
    }


def test_default_ops_are_those_of_the_paper() -> None:
    computing = list(range(56))
    assert list(SETUP_OPS) == list(range(56, 65))
    assert list(PREDICT_OPS) == list(LEARN_OPS) == [*computing, 60, 61]


def test_sets_of_ops_follow_from_the_rows() -> None:
    assert frozenset(range(56, 65)) == CONSTANT_OPS
    assert frozenset(range(59, 65)) == RANDOM_OPS
    assert frozenset({57, 58}) == PARTIAL_OPS
