"""Groups of ops by what they compute, as sets of names, for the rules and detectors of the analysis.

Each group follows from the families of the rows in ``program.ops``, so it holds the scalar, vector and matrix forms of
an op.
"""

from __future__ import annotations

from automl_zero.program.ops import Kind, ops_of_family


def _named(*families: str) -> frozenset[str]:
    return frozenset(op.name for op in ops_of_family(*families))


SUMS, DIFFERENCES = _named("sum"), _named("diff")
ADDITIVE = SUMS | DIFFERENCES
FACTORS = _named("product")  # element by element
SCALINGS = _named("scale")  # a scalar times a vector or matrix
PRODUCTS = FACTORS | SCALINGS
DOT_PRODUCTS = _named("dot", "matrix_vector", "matrix_matrix")
DIVISIONS, RECIPROCALS = _named("division"), _named("reciprocal")
BOUNDS = _named("min", "matrix_min", "max", "matrix_max")
MAXIMA_THAT_KEEP_NAN = _named("max")  # where the first operand is NaN, the result is NaN
MAGNITUDES = _named("abs")
STEPS_AT_ZERO = _named("step_at_zero")  # the heaviside that is 1 at zero
STEPS = _named("step")  # those that are 0 at zero
HEAVISIDES = STEPS_AT_ZERO | STEPS
BROADCASTS = _named("broadcast")
TRANSPOSES = _named("transpose")
NORMS = _named("norm", "column_norm", "row_norm")
DEVIATIONS, MEANS = _named("std", "row_std"), _named("mean", "row_mean")
NOT_NEGATIVE = MAGNITUDES | HEAVISIDES | NORMS | DEVIATIONS  # the result is never below 0, nor a negative zero

# IEEE arithmetic gives the correctly rounded result of each of these, so a number that a program always computes with
# them may be replaced by a constant.
EXACT_ON_SCALARS = frozenset(
    op.name
    for op in ops_of_family("sum", "diff", "product", "division", "abs", "reciprocal", "step_at_zero", "min", "max")
    if op.output is Kind.SCALAR
)
