"""The registry of export languages, one row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from automl_zero.codegen.jax import jax_source
from automl_zero.codegen.latex import latex_source
from automl_zero.codegen.numpy import numpy_source
from automl_zero.codegen.python import python_source
from automl_zero.codegen.source import Source
from automl_zero.codegen.torch import torch_source


@dataclass(frozen=True, slots=True)
class Language:
    """A language of exports.

    Attributes:
        write: returns the text of an export.
        runs: whether the export can be run, and so be compared with the reference.
    """

    write: Callable[[Source], str]
    runs: bool = True


LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        "python": Language(python_source),
        "numpy": Language(numpy_source),
        "jax": Language(jax_source),
        "torch": Language(torch_source),
        "latex": Language(latex_source, runs=False),
    }
)
