"""Vectors that are known before they are needed: the features of the next examples, and the noise of the next steps.

A vector that is a *combination* of them, such as features plus noise, is multiplied by a matrix by means of their
products with it, which are computed for a block of examples at once. One product of two matrices takes a fraction of
the time of as many products of a matrix and a vector, which have to read the whole matrix each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from automl_zero.program.ops import Array

BLOCK = 100  # examples whose products are computed together

Source: TypeAlias = tuple[str, int]  # a sequence of vectors, and the execution step of one of them
Combination: TypeAlias = Mapping[Source, float]  # a linear combination of known vectors, by their factors
ONES: Source = ("ones", 0)


class KnownVectors:
    """The vectors of the steps of a training or a validation, as far as they do not depend on what is learned."""

    def __init__(self, num_features: int, dtype: str) -> None:
        """Begin with the vector of ones alone."""
        self._ones = np.ones((1, num_features), dtype)
        self._dtype = dtype
        self._vector_of: dict[str, Callable[[int], Array]] = {}
        self._steps = range(0)
        self._blocks: dict[tuple[str, int], Array] = {}

    def begin(self, steps: range) -> None:
        """Take up the steps of a training or a validation; the blocks of earlier ones are forgotten."""
        self._steps = steps
        self._blocks.clear()

    def add(self, sequence: str, vector_of: Callable[[int], Array]) -> None:
        """Register a sequence of vectors, given by a function of the execution step."""
        self._vector_of[sequence] = vector_of

    def starts_block(self, step: int) -> bool:
        """Return whether a step is the first of a block."""
        return (step - self._steps.start) % BLOCK == 0

    def vector(self, source: Source) -> Array:
        """Return a known vector [F]."""
        sequence, step = source
        if source == ONES:
            return np.asarray(self._ones[0])
        # A vector of an earlier training or validation, which a program has kept.
        if step not in self._steps:
            return np.asarray(self._vector_of[sequence](step), self._dtype)
        return np.asarray(self.block(source)[self.place(source)])

    def key(self, source: Source) -> Source:
        """Return what names the block of a source; a source that is in no block stands for itself."""
        sequence, step = source
        if source == ONES or step not in self._steps:
            return source
        return sequence, self._steps.start + (step - self._steps.start) // BLOCK * BLOCK

    def place(self, source: Source) -> int:
        """Return the row of a source in its block."""
        return source[1] - self.key(source)[1]

    def block(self, source: Source) -> Array:
        """Return the block [B, F] of a source; of a source in no block, itself alone."""
        key = sequence, first = self.key(source)
        if source == ONES:
            return self._ones
        if first not in self._steps:
            return self.vector(source)[None, :]
        if key not in self._blocks:
            # Only the latest block of a sequence is kept: steps go forward.
            self._blocks = {known: block for known, block in self._blocks.items() if known[0] != sequence}
            steps = range(first, min(first + BLOCK, self._steps.stop))
            self._blocks[key] = np.array([self._vector_of[sequence](step) for step in steps], self._dtype)
        return self._blocks[key]


def combined(one: Combination | None, other: Combination | None, sign: float) -> Combination | None:
    """Return the combination of a sum (``sign`` 1) or a difference (-1); None unless both are known."""
    if one is None or other is None:
        return None
    # Known vectors are linear building blocks, so factors of the same vector add up.
    found = dict(one)
    for source, factor in other.items():
        found[source] = found.get(source, 0.0) + sign * factor
    return found


def scaled(one: Combination | None, factor: float) -> Combination | None:
    """Return a multiple of a combination."""
    return None if one is None else {source: factor * own for source, own in one.items()}
