"""The generator of the search in plain Python, from the published algorithm (xoshiro256++, Blackman and Vigna 2019)."""

from __future__ import annotations

from collections.abc import Sequence

MASK = (1 << 64) - 1


class Xoshiro:
    """Four words of state; the draws are defined as in ``search.generator``."""

    def __init__(self, state: Sequence[int]) -> None:
        self.state = [int(word) for word in state]

    def next_word(self) -> int:
        s0, s1, s2, s3 = self.state
        result = (_rotate((s0 + s3) & MASK, 23) + s0) & MASK
        shifted = (s1 << 17) & MASK
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        self.state = [s0, s1, s2 ^ shifted, _rotate(s3, 45)]
        return result

    def below(self, limit: int) -> int:
        return (self.next_word() >> 32) * limit >> 32

    def uniform(self) -> float:
        return float(self.next_word() >> 11) * 2.0**-53


def _rotate(x: int, bits: int) -> int:
    return ((x << bits) | (x >> (64 - bits))) & MASK
