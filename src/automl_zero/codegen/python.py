"""Plain Python: numbers and lists, without any dependency.

Functions that Python refuses to compute, such as a division by zero, give what IEEE arithmetic gives.
"""

from __future__ import annotations

from collections.abc import Mapping

from automl_zero.codegen.arrays import array_source
from automl_zero.codegen.functions import SETTERS, row_of
from automl_zero.codegen.source import Source
from automl_zero.program.ops import Kind, Op

# Of one element, by op or by op without its kind; see ``row_of``.
ELEMENTS: Mapping[str, str] = {
    "sum": "{a} + {b}",
    "diff": "{a} - {b}",
    "product": "{a} * {b}",
    "division": "divide({a}, {b})",
    "abs": "abs({a})",
    "reciprocal": "divide(1.0, {a})",
    "sin": "sin({a})",
    "cos": "cos({a})",
    "tan": "tan({a})",
    "arcsin": "arcsin({a})",
    "arccos": "arccos({a})",
    "arctan": "math.atan({a})",
    "exp": "exp({a})",
    "log": "log({a})",
    "scalar_heaviside": "float({a} >= 0)",
    "heaviside": "float({a} > 0)",
    "min": "{b} if {b} < {a} else {a}",
    "max": "{b} if {a} < {b} else {a}",
    "matrix_min": "{a} if {a} < {b} else {b}",
    "matrix_max": "{a} if {a} > {b} else {b}",
}

WHOLES: Mapping[str, str] = {
    "scalar_vector_product": "[{in1} * b for b in {in2}]",
    "scalar_matrix_product": "[[{in1} * b for b in row] for row in {in2}]",
    "scalar_broadcast": "[{in1}] * n_features",
    "vector_column_broadcast": "[[a] * n_features for a in {in1}]",
    "vector_row_broadcast": "[{in1}] * n_features",
    "vector_inner_product": "dot({in1}, {in2})",
    "vector_outer_product": "[[a * b for b in {in2}] for a in {in1}]",
    "matrix_vector_product": "[dot(row, {in2}) for row in {in1}]",
    "matrix_matrix_product": "[[dot(row, column) for column in zip(*{in2})] for row in {in1}]",
    "vector_norm": "norm({in1})",
    "matrix_norm": "norm(flat({in1}))",
    "matrix_column_norm": "[norm(column) for column in zip(*{in1})]",
    "matrix_row_norm": "[norm(row) for row in {in1}]",
    "matrix_transpose": "[list(column) for column in zip(*{in1})]",
    "vector_mean": "mean({in1})",
    "matrix_mean": "mean(flat({in1}))",
    "matrix_row_mean": "[mean(row) for row in {in1}]",
    "vector_st_dev": "std({in1})",
    "matrix_st_dev": "std(flat({in1}))",
    "matrix_row_st_dev": "[std(row) for row in {in1}]",
    "scalar_const_set": "{value}",
    **SETTERS,
}

# Around an element, by kind; the second form is for two inputs.
_AROUND = {
    Kind.VECTOR: ("[{each} for a in {{in1}}]", "[{each} for a, b in zip({{in1}}, {{in2}})]"),
    Kind.MATRIX: (
        "[[{each} for a in row] for row in {{in1}}]",
        "[[{each} for a, b in zip(*rows)] for rows in zip({{in1}}, {{in2}})]",
    ),
}


def template(op: Op) -> str:
    """The value of an op's output."""
    if op.name in WHOLES:
        return WHOLES[op.name]
    element = row_of(ELEMENTS, op)
    if op.output is Kind.SCALAR:
        return element.format(a="{in1}", b="{in2}")
    return _AROUND[Kind(op.inputs[0])][len(op.inputs) - 1].format(each=element.format(a="a", b="b"))


def python_source(source: Source) -> str:
    """A module that needs nothing but Python."""
    zeros = ("0.0", "[0.0] * num_features", "[[0.0] * num_features] * num_features")
    return array_source(source, "python", template, ("float", "Vector", "Matrix"), zeros)
