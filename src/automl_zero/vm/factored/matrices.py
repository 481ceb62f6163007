"""Matrices as sums: multiples of dense matrices, and of outer products of the vectors of the latest examples.

A program that learns adds an outer product to a matrix at every example. Here it is only noted, as its two vectors and
a factor; only when a block of examples is over, all that was noted is added to the elements at once, by one product of
two matrices (known as *delayed updates* of rank one). Sums and multiples of matrices change factors alone.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from automl_zero.program.ops import Array
from automl_zero.vm.factored.known_vectors import BLOCK, Combination, KnownVectors, Source

MAX_TERMS = 4  # outer products up to which a norm is computed from their inner products


class Factors:
    """The outer products of a block of examples, as left and right vectors; matrices refer to them by number."""

    def __init__(self, num_features: int, dtype: str) -> None:
        """Begin without any."""
        self.left, self.right = (np.empty((2 * BLOCK, num_features), dtype) for _ in range(2))
        self.combinations: list[Combination | None] = []

    def add(self, left: Array, right: Array, combination: Combination | None) -> int:
        """Note an outer product, with what is known of its right vector; return its number."""
        # Capacity is doubled, so that n outer products take O(n) copies in all.
        number = len(self.combinations)
        if number == len(self.left):
            self.left, self.right = (np.concatenate([each, np.empty_like(each)]) for each in (self.left, self.right))
        self.left[number], self.right[number] = left, right
        self.combinations.append(combination)
        return number


class Dense:
    """The elements [F, F] of a matrix, with its products with known vectors; it never changes."""

    def __init__(self, array: Array) -> None:
        """Take over the elements."""
        self.array = array
        self._products: dict[Source, Array] = {}

    def times(self, vector: Array, combination: Combination | None, known: KnownVectors) -> Array:
        """Return the product with a vector, by way of known vectors if it is a combination of them."""
        if combination is None:
            return np.asarray(self.array @ vector)
        # D (a x + b u) = a (D x) + b (D u), where D x and D u are rows of products of whole blocks.
        total = np.zeros_like(vector)
        for source, factor in combination.items():
            total += vector.dtype.type(factor) * self._product(source, known)
        return total

    def _product(self, source: Source, known: KnownVectors) -> Array:
        key = known.key(source)
        if key not in self._products:
            # Of each sequence, only the latest block is of use.
            self._products = {other: each for other, each in self._products.items() if other[0] != key[0]}
            self._products[key] = known.block(source) @ self.array.T
        row: Array = self._products[key][known.place(source)]
        return row


class Moments(NamedTuple):
    """The sum of the elements of a matrix, and of their squares; ``size`` is the number of elements."""

    total: float
    squares: float
    size: int

    def norm(self) -> float:
        """Return the Frobenius norm."""
        return math.sqrt(max(self.squares, 0.0))

    def mean(self) -> float:
        """Return the mean."""
        return self.total / self.size

    def deviation(self) -> float:
        """Return the standard deviation."""
        return math.sqrt(max(self.squares / self.size - self.mean() ** 2, 0.0))


class FactoredMatrix:
    """A sum of multiples of dense matrices and of outer products. As a value it never changes; only its form does."""

    __slots__ = ("_before", "_dense", "_factors", "_moments", "_weights")

    def __init__(self, dense: dict[Dense, float], factors: Factors, weights: Array) -> None:
        """Make a sum.

        Args:
            dense: the factors of dense matrices.
            factors: the outer products that ``weights`` are of.
            weights: [number] the factor of each of the first outer products; of the others, it is 0.
        """
        self._dense, self._factors, self._weights = dense, factors, weights
        self._moments: Moments | None = None
        self._before: tuple[FactoredMatrix, FactoredMatrix, float] | None = None

    def scaled(self, factor: float, factors: Factors) -> FactoredMatrix:
        """Return a multiple; ``factors`` are those of the current block."""
        own = self._in(factors)
        dense = {each: factor * before for each, before in own._dense.items()}
        found = FactoredMatrix(dense, factors, factor * own._weights)
        if own._moments is not None:
            total, squares, size = own._moments
            found._moments = Moments(factor * total, factor**2 * squares, size)
        return found

    def plus(self, other: FactoredMatrix, sign: float, factors: Factors) -> FactoredMatrix:
        """Return the sum (``sign`` 1) or the difference (-1); ``factors`` are those of the current block."""
        one, two = self._in(factors), other._in(factors)
        # Dense matrices are shared between sums; where their factors cancel, as in M - M, they stay with a factor of 0.
        dense = dict(one._dense)
        for each, own in two._dense.items():
            dense[each] = dense.get(each, 0.0) + sign * own
        weights = np.zeros(max(len(one._weights), len(two._weights)))
        weights[: len(one._weights)] = one._weights
        weights[: len(two._weights)] += sign * two._weights
        found = FactoredMatrix(dense, factors, weights)
        # What the moments of the sum can be computed from, if they are asked for; else they cost nothing.
        if two._is_outer_product and one._moments is not None:
            found._before = one, two, sign
        elif one._is_outer_product and two._moments is not None and sign == 1.0:
            found._before = two, one, sign
        return found

    def times(self, vector: Array, combination: Combination | None, known: KnownVectors, factors: Factors) -> Array:
        """Return the product with a vector [F], and with what is known of it."""
        own = self._in(factors)
        total = np.zeros_like(vector)
        for each, factor in own._dense.items():
            total += vector.dtype.type(factor) * each.times(vector, combination, known)
        count = len(own._weights)
        if count:
            # (sum_k w_k l_k r_k') v = sum_k (w_k r_k' v) l_k
            sizes = own._weights * (factors.right[:count] @ vector)
            total += sizes.astype(vector.dtype) @ factors.left[:count]
        return total

    def elements(self) -> Array:
        """Return all elements [F, F]."""
        dtype = self._factors.left.dtype
        # One product of two matrices for all outer products, after which dense matrices are added.
        terms = np.flatnonzero(self._weights)
        left = self._factors.left[terms] * self._weights[terms, None].astype(dtype)
        total = np.asarray(left.T @ self._factors.right[terms])
        for each, factor in self._dense.items():
            total += each.array if factor == 1.0 else dtype.type(factor) * each.array
        return total

    def moments(self, known: KnownVectors, factors: Factors) -> Moments:
        """Return the sum of the elements and of their squares, if possible from those of the matrix before."""
        if self._moments is None:
            self._moments = self._added_moments(known, factors) or self._own_moments()
            self._before = None
        return self._moments

    @property
    def _is_outer_product(self) -> bool:
        """Whether it is a multiple of a single outer product."""
        return not self._dense and np.count_nonzero(self._weights) == 1

    def _in(self, factors: Factors) -> FactoredMatrix:
        """Return this matrix, with outer products of earlier blocks added to its elements."""
        if self._factors is not factors:
            if self._weights.any():
                self._dense = {Dense(self.elements()): 1.0}
            # What the moments could be computed from refers to the earlier block.
            self._factors, self._weights, self._before = factors, np.zeros(0), None
        return self

    def _added_moments(self, known: KnownVectors, factors: Factors) -> Moments | None:
        """Return the moments of the sum of a matrix whose moments are known and an outer product, if it is one."""
        if self._before is None or self._factors is not factors:
            return None
        before, added, sign = self._before
        if before._moments is None:
            return None
        (number,) = np.flatnonzero(added._weights).tolist()
        left, right, combination = factors.left[number], factors.right[number], factors.combinations[number]
        factor, old = sign * float(added._weights[number]), before._moments
        # With M' = M + f l r': sum(M') = sum(M) + f sum(l) sum(r), and
        # |M'|^2 = |M|^2 + 2 f l' M r + f^2 |l|^2 |r|^2, where M r is a product that is often known.
        cross = float(left @ before.times(right, combination, known, factors))
        square = float(left @ left) * float(right @ right)
        return Moments(
            old.total + factor * float(left.sum(dtype=float)) * float(right.sum(dtype=float)),
            old.squares + factor * (2.0 * cross + factor * square),
            old.size,
        )

    def _own_moments(self) -> Moments:
        terms = np.flatnonzero(self._weights)
        if self._dense or len(terms) > MAX_TERMS:
            elements = self.elements().astype(float, copy=False)
            return Moments(float(elements.sum()), float((elements * elements).sum()), elements.size)
        # |sum_k w_k l_k r_k'|^2 = sum_jk w_j w_k (l_j' l_k) (r_j' r_k)
        left, right, weights = self._factors.left[terms], self._factors.right[terms], self._weights[terms]
        total = weights @ (left.sum(axis=1, dtype=float) * right.sum(axis=1, dtype=float))
        squares = weights @ ((left @ left.T) * (right @ right.T)) @ weights
        return Moments(float(total), float(squares), left.shape[1] ** 2)
