"""What a program is: three component functions, each a sequence of instructions on a typed memory.

Programs are immutable and hashable, and mean the same for every number of features F: addresses are plain numbers,
and element indices are fractions of F. s0 holds the label, s1 the prediction, v0 the features; with more than two
classes, v1 holds the one-hot label and v2 the prediction (paper, section 3.1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from automl_zero.errors import AutoMLZeroError
from automl_zero.program.ops import INDEX_CONSTANTS, OPS, Kind, Op

COMPONENTS = ("setup", "predict", "learn")
LABEL, PREDICTION, FEATURES = 0, 1, 0  # s0, s1, v0
CLASS_LABEL, CLASS_PREDICTION = 1, 2  # v1, v2
MAX_ADDRESSES = 64  # of each kind: the compiled liveness analysis keeps one bit for each


class ProgramError(AutoMLZeroError, ValueError):
    """A program that cannot be built, or does not fit the memory or the size limits it is meant for."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One op with its addresses and constants; operands that the op lacks are 0.

    Raises:
        ProgramError: the op, an address or a constant is not a possible one.
    """

    op: int
    in1: int = 0
    in2: int = 0
    out: int = 0
    data: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.op < len(OPS):
            raise ProgramError(f"op {self.op} does not exist: use a number from 0 to {len(OPS) - 1}")
        row = OPS[self.op]
        if len(self.data) != len(row.constants):
            raise ProgramError(f"{row.name} takes {len(row.constants)} constants {row.constants}, got {self.data}")
        for name, value in zip(row.constants, self.data, strict=True):
            check_constant(row, name, value)
        for kind, address in self.operands():
            if not 0 <= address < MAX_ADDRESSES:
                raise ProgramError(f"address {kind.prefix}{address} of {row.name} is not in 0..{MAX_ADDRESSES - 1}")

    @property
    def row(self) -> Op:
        """The op's row in the instruction set."""
        return OPS[self.op]

    def inputs(self) -> tuple[tuple[Kind, int], ...]:
        """(kind, address) of each input in order."""
        return tuple(zip(self.row.inputs, (self.in1, self.in2), strict=False))

    def outputs(self) -> tuple[tuple[Kind, int], ...]:
        """(kind, address) of the output; empty for ``no_op``."""
        return () if self.row.output is None else ((self.row.output, self.out),)

    def operands(self) -> tuple[tuple[Kind, int], ...]:
        """(kind, address) of the inputs, then of the output."""
        return self.inputs() + self.outputs()


def check_constant(row: Op, name: str, value: float) -> None:
    """Check that an op can have this value for its constant of that name.

    Raises:
        ProgramError: the value is NaN, or an element index that is no fraction in [0, 1).
    """
    if math.isnan(value):
        raise ProgramError(f"constant {name} of {row.name} is nan: write a number")
    if name in INDEX_CONSTANTS and not 0 <= value < 1:
        remedy = "write a fraction from 0 up to, not including, 1"
        raise ProgramError(f"constant {name} of {row.name} is {value!r}: {remedy}")


@dataclass(frozen=True, slots=True)
class AddressCounts:
    """How many addresses of each kind the memory has.

    Raises:
        ProgramError: a count is too small for the label, prediction and features, or above the limit.
    """

    scalars: int
    vectors: int
    matrices: int

    def __post_init__(self) -> None:
        for name, value, least in zip(("scalars", "vectors", "matrices"), self, (2, 1, 0), strict=True):
            if not least <= value <= MAX_ADDRESSES:
                raise ProgramError(f"{name} = {value} is not possible: use {least} to {MAX_ADDRESSES}")

    def __iter__(self) -> Iterator[int]:
        """Counts in the order of ``Kind``."""
        return iter((self.scalars, self.vectors, self.matrices))


@dataclass(frozen=True, slots=True)
class Program:
    """An algorithm: what Setup, Predict and Learn do."""

    setup: tuple[Instruction, ...] = ()
    predict: tuple[Instruction, ...] = ()
    learn: tuple[Instruction, ...] = ()

    def __iter__(self) -> Iterator[tuple[Instruction, ...]]:
        """The component functions in order."""
        return iter((self.setup, self.predict, self.learn))

    def __len__(self) -> int:
        """Number of instructions."""
        return sum(map(len, self))

    def instructions(self) -> Iterator[Instruction]:
        """All instructions in order."""
        for component in self:
            yield from component

    def address_counts(self) -> AddressCounts:
        """The smallest memory that the program runs in."""
        counts = [2, 1, 0]
        for instruction in self.instructions():
            for kind, address in instruction.operands():
                counts[kind] = max(counts[kind], address + 1)
        return AddressCounts(*counts)

    def check_fits(self, memory: AddressCounts, max_sizes: tuple[int, int, int] | None = None) -> None:
        """Check that the program fits a memory and, where given, the size limits of its component functions.

        Raises:
            ProgramError: it does not; the message names the address or the component function.
        """
        limits = dict(zip(Kind, memory, strict=True))
        for name, component in zip(COMPONENTS, self, strict=True):
            for position, instruction in enumerate(component, 1):
                for kind, address in instruction.operands():
                    if address >= limits[kind]:
                        raise ProgramError(
                            f"{name} instruction {position} uses {kind.prefix}{address}, but the memory has "
                            f"{limits[kind]} {kind.name.lower()} addresses: raise the count or use a lower address"
                        )
        for name, component, limit in zip(COMPONENTS, self, max_sizes or (10**9,) * 3, strict=True):
            if len(component) > limit:
                raise ProgramError(f"{name} has {len(component)} instructions, but its limit is {limit}")

    def cost(self, num_train_examples: int) -> int:
        """Cost of training on that many examples, in the unit of the ops' costs (published train budget)."""
        setup, predict, learn = (sum(instruction.row.cost for instruction in component) for component in self)
        return setup + num_train_examples * (predict + learn)
