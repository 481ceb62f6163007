"""The instruction set: 65 ops, one row each (paper, supplement S2, table S1; numbering OP0..OP64).

A row is the only place where an op is defined: operand types, constants, cost, text form and NumPy meaning.
Printer, parser, mutation, cost model, documentation and tests all follow from the rows; the compiled kernel is
written by hand and proven equal to them by tests that walk every row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Kind(IntEnum):
    """The type of an address: the memory has one bank of each."""

    SCALAR = 0
    VECTOR = 1
    MATRIX = 2

    @property
    def prefix(self) -> str:
        """The letter that names an address of this kind in program text."""
        return "svm"[self]

    @classmethod
    def of_index(cls, index: str) -> Kind:
        """The kind that an index such as ``.``, ``i`` or ``ij`` stands for."""
        return cls(len(index.strip(".")))


@dataclass(frozen=True)
class Op:
    """One row of the instruction set.

    ``signature`` names the operands by their indices, in the manner of einsum: ``.`` is a scalar, ``i`` a vector,
    ``ij`` a matrix, so ``ij,j->i`` is a matrix-vector product. ``meaning`` maps the inputs and then the constants to
    the output; where ``draws`` is set, its first argument is an array of standard draws in the shape of the output;
    where ``partial`` is set, its first argument is the old output, of which one element changes. The inputs of a
    ``commutative`` op may change places.
    ``cost`` is the published program's constant for the op, in its own unit.
    """

    number: int
    name: str
    signature: str
    form: str
    cost: int
    meaning: Callable[..., Any]
    constants: tuple[str, ...] = ()
    draws: str = ""
    partial: bool = False
    commutative: bool = False

    @cached_property
    def inputs(self) -> tuple[Kind, ...]:
        """Kinds of the inputs, none to two."""
        indices = self.signature.partition("->")[0]
        return tuple(Kind.of_index(index) for index in indices.split(",")) if indices else ()

    @cached_property
    def output(self) -> Kind | None:
        """Kind of the output; None for ``no_op`` alone."""
        index = self.signature.partition("->")[2]
        return Kind.of_index(index) if index else None


def _std(a: Array, axis: int | None = None) -> Any:
    """Population standard deviation from the two moments; rounding never makes the radicand negative."""
    return np.sqrt(np.maximum(np.mean(a * a, axis) - np.square(np.mean(a, axis)), 0.0))


def _set_element(old: Array, *index_and_value: float) -> Array:
    """``old`` with one element replaced; an index is a fraction of the dimension, so it fits every F."""
    *fractions, value = index_and_value
    new = old.copy()
    new[tuple(int(size * fraction) for size, fraction in zip(old.shape, fractions, strict=True))] = value
    return new


def _uniform(draws: Array, low: float, high: float) -> Array:
    """Draws in (low, high); an empty range gives ``low``."""
    return low + max(high - low, 0.0) * draws


def _gaussian(draws: Array, mean: float, std: float) -> Array:
    return mean + std * draws


def _first_on_nan_minimum(a: Array, b: Array) -> Array:
    return np.where(b < a, b, a)


def _first_on_nan_maximum(a: Array, b: Array) -> Array:
    return np.where(a < b, b, a)


_INTERVAL = ("low", "high")
_MOMENTS = ("mean", "std")

OPS: tuple[Op, ...] = (
    Op(0, "no_op", "", "NoOp()", 3013921, lambda: None),
    Op(1, "scalar_sum", ".,.->.", "{out} = {in1} + {in2}", 4703759, np.add, commutative=True),
    Op(2, "scalar_diff", ".,.->.", "{out} = {in1} - {in2}", 5102027, np.subtract),
    Op(3, "scalar_product", ".,.->.", "{out} = {in1} * {in2}", 4418347, np.multiply, commutative=True),
    Op(4, "scalar_division", ".,.->.", "{out} = {in1} / {in2}", 3963916, np.divide),
    Op(5, "scalar_abs", ".->.", "{out} = abs({in1})", 3684352, np.abs),
    Op(6, "scalar_reciprocal", ".->.", "{out} = 1 / {in1}", 4212086, lambda a: np.divide(1.0, a)),
    Op(7, "scalar_sin", ".->.", "{out} = sin({in1})", 7538523, np.sin),
    Op(8, "scalar_cos", ".->.", "{out} = cos({in1})", 7452807, np.cos),
    Op(9, "scalar_tan", ".->.", "{out} = tan({in1})", 7583203, np.tan),
    Op(10, "scalar_arcsin", ".->.", "{out} = arcsin({in1})", 9145616, np.arcsin),
    Op(11, "scalar_arccos", ".->.", "{out} = arccos({in1})", 7673039, np.arccos),
    Op(12, "scalar_arctan", ".->.", "{out} = arctan({in1})", 9273978, np.arctan),
    Op(13, "scalar_exp", ".->.", "{out} = exp({in1})", 11755929, np.exp),
    Op(14, "scalar_log", ".->.", "{out} = log({in1})", 11627725, np.log),
    Op(15, "scalar_heaviside", ".->.", "{out} = heaviside({in1}, 1.0)", 4057075, lambda a: np.where(a >= 0, 1.0, 0.0)),
    Op(16, "vector_heaviside", "i->i", "{out} = heaviside({in1}, 1.0)", 3965743, lambda a: np.where(a > 0, 1.0, 0.0)),
    Op(17, "matrix_heaviside", "ij->ij", "{out} = heaviside({in1}, 1.0)", 6728311, lambda a: np.where(a > 0, 1.0, 0.0)),
    Op(18, "scalar_vector_product", ".,i->i", "{out} = {in1} * {in2}", 3705015, np.multiply),
    Op(19, "scalar_broadcast", ".->i", "{out} = bcast({in1})", 4165814, lambda a: a),
    Op(20, "vector_reciprocal", "i->i", "{out} = 1 / {in1}", 6311851, lambda a: np.divide(1.0, a)),
    Op(21, "vector_norm", "i->.", "{out} = norm({in1})", 4810562, lambda a: np.sqrt(np.sum(a * a))),
    Op(22, "vector_abs", "i->i", "{out} = abs({in1})", 3713533, np.abs),
    Op(23, "vector_sum", "i,i->i", "{out} = {in1} + {in2}", 4701519, np.add, commutative=True),
    Op(24, "vector_diff", "i,i->i", "{out} = {in1} - {in2}", 4165747, np.subtract),
    Op(25, "vector_product", "i,i->i", "{out} = {in1} * {in2}", 4504555, np.multiply, commutative=True),
    Op(26, "vector_division", "i,i->i", "{out} = {in1} / {in2}", 4556237, np.divide),
    Op(27, "vector_inner_product", "i,i->.", "{out} = dot({in1}, {in2})", 4294617, np.dot, commutative=True),
    Op(28, "vector_outer_product", "i,j->ij", "{out} = outer({in1}, {in2})", 9833707, np.outer),
    Op(29, "scalar_matrix_product", ".,ij->ij", "{out} = {in1} * {in2}", 5986302, np.multiply),
    Op(30, "matrix_reciprocal", "ij->ij", "{out} = 1 / {in1}", 24336141, lambda a: np.divide(1.0, a)),
    Op(31, "matrix_vector_product", "ij,j->i", "{out} = dot({in1}, {in2})", 9310002, np.matmul),
    Op(32, "vector_column_broadcast", "i->ij", "{out} = bcast({in1}, axis=0)", 10993088, lambda a: a[:, None]),
    Op(33, "vector_row_broadcast", "j->ij", "{out} = bcast({in1}, axis=1)", 11087322, lambda a: a[None, :]),
    Op(34, "matrix_norm", "ij->.", "{out} = norm({in1})", 6422746, lambda a: np.sqrt(np.sum(a * a))),
    Op(35, "matrix_column_norm", "ij->j", "{out} = norm({in1}, axis=0)", 6682187, lambda a: np.sqrt(np.sum(a * a, 0))),
    Op(36, "matrix_row_norm", "ij->i", "{out} = norm({in1}, axis=1)", 13351123, lambda a: np.sqrt(np.sum(a * a, 1))),
    Op(37, "matrix_transpose", "ij->ji", "{out} = transpose({in1})", 9394756, np.transpose),
    Op(38, "matrix_abs", "ij->ij", "{out} = abs({in1})", 4630926, np.abs),
    Op(39, "matrix_sum", "ij,ij->ij", "{out} = {in1} + {in2}", 5579381, np.add, commutative=True),
    Op(40, "matrix_diff", "ij,ij->ij", "{out} = {in1} - {in2}", 5429452, np.subtract),
    Op(41, "matrix_product", "ij,ij->ij", "{out} = {in1} * {in2}", 5475227, np.multiply, commutative=True),
    Op(42, "matrix_division", "ij,ij->ij", "{out} = {in1} / {in2}", 18234378, np.divide),
    Op(43, "matrix_matrix_product", "ik,kj->ij", "{out} = matmul({in1}, {in2})", 14516296, np.matmul),
    Op(44, "scalar_min", ".,.->.", "{out} = minimum({in1}, {in2})", 3677265, _first_on_nan_minimum),
    Op(45, "vector_min", "i,i->i", "{out} = minimum({in1}, {in2})", 3989956, _first_on_nan_minimum),
    # The matrix forms return the second input on NaN, unlike the others.
    Op(46, "matrix_min", "ij,ij->ij", "{out} = minimum({in1}, {in2})", 5457728, lambda a, b: np.where(a < b, a, b)),
    Op(47, "scalar_max", ".,.->.", "{out} = maximum({in1}, {in2})", 4573695, _first_on_nan_maximum),
    Op(48, "vector_max", "i,i->i", "{out} = maximum({in1}, {in2})", 3974229, _first_on_nan_maximum),
    Op(49, "matrix_max", "ij,ij->ij", "{out} = maximum({in1}, {in2})", 5840952, lambda a, b: np.where(a > b, a, b)),
    Op(50, "vector_mean", "i->.", "{out} = mean({in1})", 4280443, np.mean),
    Op(51, "matrix_mean", "ij->.", "{out} = mean({in1})", 4595196, np.mean),
    Op(52, "matrix_row_mean", "ij->i", "{out} = mean({in1}, axis=1)", 9763956, lambda a: np.mean(a, 1)),
    Op(53, "matrix_row_st_dev", "ij->i", "{out} = std({in1}, axis=1)", 16766477, lambda a: _std(a, 1)),
    Op(54, "vector_st_dev", "i->.", "{out} = std({in1})", 5585730, _std),
    Op(55, "matrix_st_dev", "ij->.", "{out} = std({in1})", 10640216, _std),
    Op(56, "scalar_const_set", "->.", "{out} = {value}", 3691108, lambda value: value, ("value",)),
    Op(
        57,
        "vector_const_set",
        "->i",
        "{out}[{index}] = {value}",
        3991421,
        _set_element,
        ("index", "value"),
        partial=True,
    ),
    Op(
        58,
        "matrix_const_set",
        "->ij",
        "{out}[{row}, {column}] = {value}",
        3693035,
        _set_element,
        ("row", "column", "value"),
        partial=True,
    ),
    Op(59, "scalar_uniform_set", "->.", "{out} = uniform({low}, {high})", 26610704, _uniform, _INTERVAL, "uniform"),
    Op(
        60,
        "vector_uniform_set",
        "->i",
        "{out} = uniform({low}, {high}, n_features)",
        57817372,
        _uniform,
        _INTERVAL,
        "uniform",
    ),
    Op(
        61,
        "matrix_uniform_set",
        "->ij",
        "{out} = uniform({low}, {high}, (n_features, n_features))",
        208339446,
        _uniform,
        _INTERVAL,
        "uniform",
    ),
    Op(62, "scalar_gaussian_set", "->.", "{out} = gaussian({mean}, {std})", 20775635, _gaussian, _MOMENTS, "normal"),
    Op(
        63,
        "vector_gaussian_set",
        "->i",
        "{out} = gaussian({mean}, {std}, n_features)",
        77483018,
        _gaussian,
        _MOMENTS,
        "normal",
    ),
    Op(
        64,
        "matrix_gaussian_set",
        "->ij",
        "{out} = gaussian({mean}, {std}, (n_features, n_features))",
        277690384,
        _gaussian,
        _MOMENTS,
        "normal",
    ),
)

BY_NAME: dict[str, Op] = {op.name: op for op in OPS}
