"""Export to plain Python: numbers and lists, without any dependency.

Where Python raises an error, such as in a division by zero, the export has the result of IEEE arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping

from automl_zero.codegen.arrays import array_source
from automl_zero.codegen.functions import SETTERS, row_of
from automl_zero.codegen.source import Source
from automl_zero.program.ops import Kind, Op

# The value of one element, by name or by family of the op; see ``row_of``.
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
    "step_at_zero": "float({a} >= 0)",
    "step": "float({a} > 0)",
    "min": "{b} if {b} < {a} else {a}",
    "max": "{b} if {a} < {b} else {a}",
    "matrix_min": "{a} if {a} < {b} else {b}",
    "matrix_max": "{a} if {a} > {b} else {b}",
}

# The whole value, for the other ops, by name or by family.
WHOLES: Mapping[str, str] = {
    "scalar_vector_product": "[{in1} * b for b in {in2}]",
    "scalar_matrix_product": "[[{in1} * b for b in row] for row in {in2}]",
    "broadcast": "[{in1}] * n_features",
    "column_broadcast": "[[a] * n_features for a in {in1}]",
    "row_broadcast": "[{in1}] * n_features",
    "dot": "dot({in1}, {in2})",
    "outer": "[[a * b for b in {in2}] for a in {in1}]",
    "matrix_vector": "[dot(row, {in2}) for row in {in1}]",
    "matrix_matrix": "[[dot(row, column) for column in zip(*{in2})] for row in {in1}]",
    "vector_norm": "norm({in1})",
    "matrix_norm": "norm(flat({in1}))",
    "column_norm": "[norm(column) for column in zip(*{in1})]",
    "row_norm": "[norm(row) for row in {in1}]",
    "transpose": "[list(column) for column in zip(*{in1})]",
    "vector_mean": "mean({in1})",
    "matrix_mean": "mean(flat({in1}))",
    "row_mean": "[mean(row) for row in {in1}]",
    "vector_st_dev": "std({in1})",
    "matrix_st_dev": "std(flat({in1}))",
    "row_std": "[std(row) for row in {in1}]",
    "set_scalar": "{value}",
    **SETTERS,
}

# The loops around the value of an element, by kind: of one input, and of two.
_AROUND = {
    Kind.VECTOR: ("[{each} for a in {{in1}}]", "[{each} for a, b in zip({{in1}}, {{in2}})]"),
    Kind.MATRIX: (
        "[[{each} for a in row] for row in {{in1}}]",
        "[[{each} for a, b in zip(*rows)] for rows in zip({{in1}}, {{in2}})]",
    ),
}


def template(op: Op) -> str:
    """Return the expression of an op's output."""
    if op.name in WHOLES or op.family in WHOLES:
        return row_of(WHOLES, op)
    element = row_of(ELEMENTS, op)
    if op.output is Kind.SCALAR:
        return element.format(a="{in1}", b="{in2}")
    return _AROUND[Kind(op.inputs[0])][len(op.inputs) - 1].format(each=element.format(a="a", b="b"))


def python_source(source: Source) -> str:
    """Return a module that imports only the standard library."""
    zeros = ("0.0", "[0.0] * num_features", "[[0.0] * num_features] * num_features")
    return array_source(source, "python", template, ("float", "Vector", "Matrix"), zeros)
