"""JAX: pure functions for ``jit``, ``vmap`` and ``lax.scan``; JAX has NumPy's names, so its table is NumPy's."""

from __future__ import annotations

from automl_zero.codegen import numpy
from automl_zero.codegen.arrays import array_source
from automl_zero.codegen.source import Source
from automl_zero.program.ops import Op


def template(op: Op) -> str:
    """The value of an op's output."""
    return numpy.template(op).replace("np.", "jnp.")


def jax_source(source: Source) -> str:
    """A module that needs JAX, and the NumPy that comes with it."""
    zeros = ("FLOAT(0)", "jnp.zeros(num_features, FLOAT)", "jnp.zeros((num_features, num_features), FLOAT)")
    return array_source(source, "jax", template, ("jax.Array", "jax.Array", "jax.Array"), zeros)
