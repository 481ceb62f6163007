"""The instruction set: 65 ops, one row each (paper, supplement S2, table S1; numbering OP0..OP64).

A row is the only place where an op is defined: operand types, constants, cost, text form and NumPy meaning. Printer,
parser, mutation, cost model, default op lists of a config, groups of the analysis and documentation follow from the
rows. The compiled kernel has one branch, and an export language one form, for each *family* of ops; tests that walk
every row prove them equal to the meaning.

No other module names an op by its number: use ``BY_NAME``, ``op_number``, ``ops_of_family`` or one of the sets below.
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
        """Return the kind that an index such as ``.``, ``i`` or ``ij`` stands for."""
        return cls(len(index.strip(".")))


@dataclass(frozen=True)
class Op:
    """One row of the instruction set.

    Attributes:
        number: position in ``OPS``, and the op's number in the paper's table S1.
        name: as in the paper's table, unique.
        family: what the op computes, regardless of the kinds of its operands. Ops of one family differ only in the
            number of elements that they go over, so they share a branch of the compiled kernel (``vm.branches``).
        signature: the operands by their indices, in the manner of einsum: ``.`` is a scalar, ``i`` a vector, ``ij`` a
            matrix, so ``ij,j->i`` is a matrix-vector product.
        form: the line of program text, with a slot in braces for each operand and constant.
        cost: the published program's constant for the op, in its own unit of time.
        meaning: the function from inputs and then constants to the output. Where ``draws`` is set, its first argument
            is an array of standard draws in the shape of the output; where ``partial`` is set, it is the old output.
        constants: names of the constants, none to three.
        draws: ``uniform`` or ``normal`` for a random op, else empty.
        partial: whether the op changes one element of its output and keeps the others.
        commutative: whether the two inputs may change places.

    Example:
        >>> BY_NAME["matrix_vector_product"].inputs
        (<Kind.MATRIX: 2>, <Kind.VECTOR: 1>)
    """

    number: int
    name: str
    family: str
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


# Roles of constants, by the names that rows give them.
INDEX_CONSTANTS = frozenset({"index", "row", "column"})  # the place of an element, as a fraction of F in [0, 1)
NON_NEGATIVE_CONSTANTS = frozenset({"std"})
INTERVAL_CONSTANTS = ("low", "high")  # in order, after every change
_MOMENTS = ("mean", "std")


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


# fmt: off
OPS: tuple[Op, ...] = (
    Op(0, "no_op", "no_op", "", "NoOp()", 3013921, lambda: None),
    Op(1, "scalar_sum", "sum", ".,.->.", "{out} = {in1} + {in2}", 4703759, np.add, commutative=True),
    Op(2, "scalar_diff", "diff", ".,.->.", "{out} = {in1} - {in2}", 5102027, np.subtract),
    Op(3, "scalar_product", "product", ".,.->.", "{out} = {in1} * {in2}", 4418347, np.multiply, commutative=True),
    Op(4, "scalar_division", "division", ".,.->.", "{out} = {in1} / {in2}", 3963916, np.divide),
    Op(5, "scalar_abs", "abs", ".->.", "{out} = abs({in1})", 3684352, np.abs),
    Op(6, "scalar_reciprocal", "reciprocal", ".->.", "{out} = 1 / {in1}", 4212086, lambda a: np.divide(1.0, a)),
    Op(7, "scalar_sin", "sin", ".->.", "{out} = sin({in1})", 7538523, np.sin),
    Op(8, "scalar_cos", "cos", ".->.", "{out} = cos({in1})", 7452807, np.cos),
    Op(9, "scalar_tan", "tan", ".->.", "{out} = tan({in1})", 7583203, np.tan),
    Op(10, "scalar_arcsin", "arcsin", ".->.", "{out} = arcsin({in1})", 9145616, np.arcsin),
    Op(11, "scalar_arccos", "arccos", ".->.", "{out} = arccos({in1})", 7673039, np.arccos),
    Op(12, "scalar_arctan", "arctan", ".->.", "{out} = arctan({in1})", 9273978, np.arctan),
    Op(13, "scalar_exp", "exp", ".->.", "{out} = exp({in1})", 11755929, np.exp),
    Op(14, "scalar_log", "log", ".->.", "{out} = log({in1})", 11627725, np.log),
    Op(15, "scalar_heaviside", "step_at_zero", ".->.", "{out} = heaviside({in1}, 1.0)", 4057075, lambda a: np.where(a >= 0, 1.0, 0.0)),
    Op(16, "vector_heaviside", "step", "i->i", "{out} = heaviside({in1}, 1.0)", 3965743, lambda a: np.where(a > 0, 1.0, 0.0)),
    Op(17, "matrix_heaviside", "step", "ij->ij", "{out} = heaviside({in1}, 1.0)", 6728311, lambda a: np.where(a > 0, 1.0, 0.0)),
    Op(18, "scalar_vector_product", "scale", ".,i->i", "{out} = {in1} * {in2}", 3705015, np.multiply),
    Op(19, "scalar_broadcast", "broadcast", ".->i", "{out} = bcast({in1})", 4165814, lambda a: a),
    Op(20, "vector_reciprocal", "reciprocal", "i->i", "{out} = 1 / {in1}", 6311851, lambda a: np.divide(1.0, a)),
    Op(21, "vector_norm", "norm", "i->.", "{out} = norm({in1})", 4810562, lambda a: np.sqrt(np.sum(a * a))),
    Op(22, "vector_abs", "abs", "i->i", "{out} = abs({in1})", 3713533, np.abs),
    Op(23, "vector_sum", "sum", "i,i->i", "{out} = {in1} + {in2}", 4701519, np.add, commutative=True),
    Op(24, "vector_diff", "diff", "i,i->i", "{out} = {in1} - {in2}", 4165747, np.subtract),
    Op(25, "vector_product", "product", "i,i->i", "{out} = {in1} * {in2}", 4504555, np.multiply, commutative=True),
    Op(26, "vector_division", "division", "i,i->i", "{out} = {in1} / {in2}", 4556237, np.divide),
    Op(27, "vector_inner_product", "dot", "i,i->.", "{out} = dot({in1}, {in2})", 4294617, np.dot, commutative=True),
    Op(28, "vector_outer_product", "outer", "i,j->ij", "{out} = outer({in1}, {in2})", 9833707, np.outer),
    Op(29, "scalar_matrix_product", "scale", ".,ij->ij", "{out} = {in1} * {in2}", 5986302, np.multiply),
    Op(30, "matrix_reciprocal", "reciprocal", "ij->ij", "{out} = 1 / {in1}", 24336141, lambda a: np.divide(1.0, a)),
    Op(31, "matrix_vector_product", "matrix_vector", "ij,j->i", "{out} = dot({in1}, {in2})", 9310002, np.matmul),
    Op(32, "vector_column_broadcast", "column_broadcast", "i->ij", "{out} = bcast({in1}, axis=0)", 10993088, lambda a: a[:, None]),
    Op(33, "vector_row_broadcast", "row_broadcast", "j->ij", "{out} = bcast({in1}, axis=1)", 11087322, lambda a: a[None, :]),
    Op(34, "matrix_norm", "norm", "ij->.", "{out} = norm({in1})", 6422746, lambda a: np.sqrt(np.sum(a * a))),
    Op(35, "matrix_column_norm", "column_norm", "ij->j", "{out} = norm({in1}, axis=0)", 6682187, lambda a: np.sqrt(np.sum(a * a, 0))),
    Op(36, "matrix_row_norm", "row_norm", "ij->i", "{out} = norm({in1}, axis=1)", 13351123, lambda a: np.sqrt(np.sum(a * a, 1))),
    Op(37, "matrix_transpose", "transpose", "ij->ji", "{out} = transpose({in1})", 9394756, np.transpose),
    Op(38, "matrix_abs", "abs", "ij->ij", "{out} = abs({in1})", 4630926, np.abs),
    Op(39, "matrix_sum", "sum", "ij,ij->ij", "{out} = {in1} + {in2}", 5579381, np.add, commutative=True),
    Op(40, "matrix_diff", "diff", "ij,ij->ij", "{out} = {in1} - {in2}", 5429452, np.subtract),
    Op(41, "matrix_product", "product", "ij,ij->ij", "{out} = {in1} * {in2}", 5475227, np.multiply, commutative=True),
    Op(42, "matrix_division", "division", "ij,ij->ij", "{out} = {in1} / {in2}", 18234378, np.divide),
    Op(43, "matrix_matrix_product", "matrix_matrix", "ik,kj->ij", "{out} = matmul({in1}, {in2})", 14516296, np.matmul),
    Op(44, "scalar_min", "min", ".,.->.", "{out} = minimum({in1}, {in2})", 3677265, _first_on_nan_minimum),
    Op(45, "vector_min", "min", "i,i->i", "{out} = minimum({in1}, {in2})", 3989956, _first_on_nan_minimum),
    # The matrix forms give the second input on NaN, unlike the others (as the published program does).
    Op(46, "matrix_min", "matrix_min", "ij,ij->ij", "{out} = minimum({in1}, {in2})", 5457728, lambda a, b: np.where(a < b, a, b)),
    Op(47, "scalar_max", "max", ".,.->.", "{out} = maximum({in1}, {in2})", 4573695, _first_on_nan_maximum),
    Op(48, "vector_max", "max", "i,i->i", "{out} = maximum({in1}, {in2})", 3974229, _first_on_nan_maximum),
    Op(49, "matrix_max", "matrix_max", "ij,ij->ij", "{out} = maximum({in1}, {in2})", 5840952, lambda a, b: np.where(a > b, a, b)),
    Op(50, "vector_mean", "mean", "i->.", "{out} = mean({in1})", 4280443, np.mean),
    Op(51, "matrix_mean", "mean", "ij->.", "{out} = mean({in1})", 4595196, np.mean),
    Op(52, "matrix_row_mean", "row_mean", "ij->i", "{out} = mean({in1}, axis=1)", 9763956, lambda a: np.mean(a, 1)),
    Op(53, "matrix_row_st_dev", "row_std", "ij->i", "{out} = std({in1}, axis=1)", 16766477, lambda a: _std(a, 1)),
    Op(54, "vector_st_dev", "std", "i->.", "{out} = std({in1})", 5585730, _std),
    Op(55, "matrix_st_dev", "std", "ij->.", "{out} = std({in1})", 10640216, _std),
    Op(56, "scalar_const_set", "set_scalar", "->.", "{out} = {value}", 3691108, lambda value: value, ("value",)),
    Op(57, "vector_const_set", "set_element", "->i", "{out}[{index}] = {value}", 3991421, _set_element, ("index", "value"), partial=True),
    Op(58, "matrix_const_set", "set_matrix_element", "->ij", "{out}[{row}, {column}] = {value}", 3693035, _set_element, ("row", "column", "value"), partial=True),
    Op(59, "scalar_uniform_set", "uniform", "->.", "{out} = uniform({low}, {high})", 26610704, _uniform, INTERVAL_CONSTANTS, "uniform"),
    Op(60, "vector_uniform_set", "uniform", "->i", "{out} = uniform({low}, {high}, n_features)", 57817372, _uniform, INTERVAL_CONSTANTS, "uniform"),
    Op(61, "matrix_uniform_set", "uniform", "->ij", "{out} = uniform({low}, {high}, (n_features, n_features))", 208339446, _uniform, INTERVAL_CONSTANTS, "uniform"),
    Op(62, "scalar_gaussian_set", "gaussian", "->.", "{out} = gaussian({mean}, {std})", 20775635, _gaussian, _MOMENTS, "normal"),
    Op(63, "vector_gaussian_set", "gaussian", "->i", "{out} = gaussian({mean}, {std}, n_features)", 77483018, _gaussian, _MOMENTS, "normal"),
    Op(64, "matrix_gaussian_set", "gaussian", "->ij", "{out} = gaussian({mean}, {std}, (n_features, n_features))", 277690384, _gaussian, _MOMENTS, "normal"),
)
# fmt: on

BY_NAME: dict[str, Op] = {op.name: op for op in OPS}


def op_number(name: str) -> int:
    """Return the number of an op, which stands for it in a program's code.

    Raises:
        KeyError: no op has that name.

    Example:
        >>> op_number("no_op")
        0
    """
    return BY_NAME[name].number


def ops_of_family(*families: str) -> tuple[Op, ...]:
    """Return all ops of these families, in the order of the rows.

    Raises:
        ValueError: a family has no op.

    Example:
        >>> [op.name for op in ops_of_family("norm")]
        ['vector_norm', 'matrix_norm']
    """
    unknown = set(families) - {op.family for op in OPS}
    if unknown:
        raise ValueError(f"no op is of the family {', '.join(sorted(unknown))}: use the 'family' of a row of OPS")
    return tuple(op for op in OPS if op.family in families)


# Numbers of the ops that have a property.
CONSTANT_OPS = frozenset(op.number for op in OPS if op.constants)
RANDOM_OPS = frozenset(op.number for op in OPS if op.draws)
PARTIAL_OPS = frozenset(op.number for op in OPS if op.partial)

# The ops of each component function where a config does not choose any, as in the paper (supplement S2): Setup sets
# constants and draws numbers, Predict and Learn compute. They may draw uniform vectors and matrices, too.
SETUP_OPS = tuple(op.number for op in OPS if op.constants)
PREDICT_OPS = (
    *(op.number for op in OPS if not op.constants),
    op_number("vector_uniform_set"),
    op_number("matrix_uniform_set"),
)
LEARN_OPS = PREDICT_OPS
