"""Export to NumPy: a statement per instruction, for one row of data; JAX and PyTorch derive from its expressions."""

from __future__ import annotations

from collections.abc import Mapping

from automl_zero.codegen.arrays import array_source
from automl_zero.codegen.functions import SETTERS, row_of
from automl_zero.codegen.source import Source
from automl_zero.program.ops import Op

# By name or by family of the op; see ``row_of``.
EXPRESSIONS: Mapping[str, str] = {
    "sum": "{in1} + {in2}",
    "diff": "{in1} - {in2}",
    "product": "{in1} * {in2}",
    "scale": "{in1} * {in2}",
    "division": "{in1} / {in2}",
    "abs": "np.abs({in1})",
    "reciprocal": "1 / {in1}",
    "sin": "np.sin({in1})",
    "cos": "np.cos({in1})",
    "tan": "np.tan({in1})",
    "arcsin": "np.arcsin({in1})",
    "arccos": "np.arccos({in1})",
    "arctan": "np.arctan({in1})",
    "exp": "np.exp({in1})",
    "log": "np.log({in1})",
    "step_at_zero": "({in1} >= 0).astype(FLOAT)",
    "step": "({in1} > 0).astype(FLOAT)",
    "broadcast": "np.broadcast_to({in1}, (n_features,))",
    "column_broadcast": "np.broadcast_to({in1}[:, None], (n_features, n_features))",
    "row_broadcast": "np.broadcast_to({in1}, (n_features, n_features))",
    "dot": "{in1} @ {in2}",
    "outer": "np.outer({in1}, {in2})",
    "matrix_vector": "{in1} @ {in2}",
    "matrix_matrix": "{in1} @ {in2}",
    "norm": "np.linalg.norm({in1})",
    "column_norm": "np.linalg.norm({in1}, axis=0)",
    "row_norm": "np.linalg.norm({in1}, axis=1)",
    "transpose": "{in1}.T",
    "min": "np.where({in2} < {in1}, {in2}, {in1})",
    "max": "np.where({in1} < {in2}, {in2}, {in1})",
    "matrix_min": "np.where({in1} < {in2}, {in1}, {in2})",
    "matrix_max": "np.where({in1} > {in2}, {in1}, {in2})",
    "mean": "np.mean({in1})",
    "row_mean": "np.mean({in1}, axis=1)",
    "std": "std({in1})",
    "row_std": "std({in1}, axis=1)",
    "set_scalar": "FLOAT({value})",
    **SETTERS,
}


def template(op: Op) -> str:
    """Return the expression of an op's output."""
    return row_of(EXPRESSIONS, op)


def numpy_source(source: Source) -> str:
    """Return a module that imports only NumPy."""
    zeros = ("FLOAT(0)", "np.zeros(num_features, FLOAT)", "np.zeros((num_features, num_features), FLOAT)")
    return array_source(source, "numpy", template, ("np.floating", "np.ndarray", "np.ndarray"), zeros)
