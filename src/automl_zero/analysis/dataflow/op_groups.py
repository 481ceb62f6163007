"""Ops that do the same to scalars, vectors and matrices, by what they do."""

from __future__ import annotations

from automl_zero.program.ops import OPS


def _ending(*endings: str) -> frozenset[str]:
    return frozenset(op.name for op in OPS if op.name.endswith(endings))


SUMS, DIFFERENCES = _ending("_sum"), _ending("_diff")
ADDITIVE = SUMS | DIFFERENCES
FACTORS = frozenset({"scalar_product", "vector_product", "matrix_product"})  # element by element
SCALINGS = frozenset({"scalar_vector_product", "scalar_matrix_product"})
PRODUCTS = FACTORS | SCALINGS
DOT_PRODUCTS = frozenset({"vector_inner_product", "matrix_vector_product", "matrix_matrix_product"})
DIVISIONS, RECIPROCALS = _ending("_division"), _ending("_reciprocal")
BOUNDS = _ending("_min", "_max")
MAGNITUDES = _ending("_abs")
HEAVISIDES = _ending("_heaviside")
NORMS, DEVIATIONS, MEANS = _ending("_norm"), _ending("_st_dev"), _ending("_mean")
NOT_NEGATIVE = MAGNITUDES | HEAVISIDES | NORMS | DEVIATIONS  # what they give never is, nor a negative zero
