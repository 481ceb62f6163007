"""Export to PyTorch: a module whose buffers are the memory; the expressions are derived from those of NumPy."""

from __future__ import annotations

from collections.abc import Mapping

from automl_zero.codegen import numpy
from automl_zero.codegen.arrays import array_source
from automl_zero.codegen.source import Source
from automl_zero.program.ops import Op

# Names of NumPy, and what PyTorch has in their place.
_NAMES: Mapping[str, str] = {"np.": "torch.", "axis=": "dim=", ".astype(": ".to(", "FLOAT({value})": "scalar({value})"}


def template(op: Op) -> str:
    """Return the expression of an op's output."""
    text = numpy.template(op)
    for name, other in _NAMES.items():
        text = text.replace(name, other)
    return text


def torch_source(source: Source) -> str:
    """Return a module that imports only PyTorch."""
    zeros = (
        "scalar(0)",
        "torch.zeros(num_features, dtype=FLOAT)",
        "torch.zeros((num_features, num_features), dtype=FLOAT)",
    )
    return array_source(source, "torch", template, ("Tensor", "Tensor", "Tensor"), zeros)
