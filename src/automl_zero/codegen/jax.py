"""Export to JAX: pure functions for ``jit``, ``vmap`` and ``lax.scan``; the expressions are those of NumPy."""

from __future__ import annotations

from automl_zero.codegen import numpy
from automl_zero.codegen.arrays import array_source
from automl_zero.codegen.source import Source
from automl_zero.program.ops import Op


def template(op: Op) -> str:
    """Return the expression of an op's output."""
    return numpy.template(op).replace("np.", "jnp.")


def jax_source(source: Source) -> str:
    """Return a module that imports only JAX and NumPy."""
    zeros = ("FLOAT(0)", "jnp.zeros(num_features, FLOAT)", "jnp.zeros((num_features, num_features), FLOAT)")
    return array_source(source, "jax", template, ("jax.Array", "jax.Array", "jax.Array"), zeros)
