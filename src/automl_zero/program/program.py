"""Programs: three component functions, each a sequence of instructions on a typed memory (paper, section 3.1).

Programs are immutable and hashable, and work for every number of features F: addresses are plain numbers, and element
indices are fractions of F. s0 is the label, s1 the prediction, v0 the features; with more than two classes, v1 is the
one-hot label and v2 the prediction.
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
MAX_ADDRESSES = 64  # of each kind: the compiled liveness analysis has one bit of a word for each


class ProgramError(AutoMLZeroError, ValueError):
    """Raised where a program is not possible, or does not fit the memory or the size limits."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One op with its addresses and constants.

    Attributes:
        op: number of the op.
        in1, in2: addresses of the inputs; 0 for an input that the op lacks.
        out: address of the output.
        data: constants, in the order of the op's row.

    Raises:
        ProgramError: the op, an address or a constant is not possible.
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
        """Return (kind, address) of each input in order."""
        return tuple(zip(self.row.inputs, (self.in1, self.in2), strict=False))

    def outputs(self) -> tuple[tuple[Kind, int], ...]:
        """Return (kind, address) of the output; empty for ``no_op``."""
        return () if self.row.output is None else ((self.row.output, self.out),)

    def operands(self) -> tuple[tuple[Kind, int], ...]:
        """Return (kind, address) of the inputs, then of the output."""
        return self.inputs() + self.outputs()


def check_constant(row: Op, name: str, value: float) -> None:
    """Check that a value is possible for a constant of an op.

    Raises:
        ProgramError: the value is NaN, or an element index that is not in [0, 1).
    """
    if math.isnan(value):
        raise ProgramError(f"constant {name} of {row.name} is nan: write a number")
    if name in INDEX_CONSTANTS and not 0 <= value < 1:
        remedy = "write a fraction from 0 up to, not including, 1"
        raise ProgramError(f"constant {name} of {row.name} is {value!r}: {remedy}")


@dataclass(frozen=True, slots=True)
class AddressCounts:
    """Number of addresses of each kind in the memory.

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
        """Iterate over the counts in the order of ``Kind``."""
        return iter((self.scalars, self.vectors, self.matrices))


@dataclass(frozen=True, slots=True)
class Program:
    r"""An algorithm: the instructions of Setup, Predict and Learn.

    Example:
        >>> from automl_zero.program.text import from_text
        >>> program = from_text("def Setup():\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n")
        >>> len(program), program.address_counts()
        (1, AddressCounts(scalars=2, vectors=2, matrices=0))
    """

    setup: tuple[Instruction, ...] = ()
    predict: tuple[Instruction, ...] = ()
    learn: tuple[Instruction, ...] = ()

    def __iter__(self) -> Iterator[tuple[Instruction, ...]]:
        """Iterate over the component functions in order."""
        return iter((self.setup, self.predict, self.learn))

    def __len__(self) -> int:
        """Return the number of instructions."""
        return sum(map(len, self))

    def instructions(self) -> Iterator[Instruction]:
        """Iterate over all instructions in order."""
        for component in self:
            yield from component

    def address_counts(self) -> AddressCounts:
        """Return the smallest memory that the program runs in."""
        counts = [2, 1, 0]
        for instruction in self.instructions():
            for kind, address in instruction.operands():
                counts[kind] = max(counts[kind], address + 1)
        return AddressCounts(*counts)

    def check_fits(self, memory: AddressCounts, max_sizes: tuple[int, int, int] | None = None) -> None:
        """Check that the program fits a memory and, where given, the size limits of its component functions.

        Raises:
            ProgramError: the program does not fit; the message names the address or the component function.
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
        """Return the cost of training on so many examples, in the unit of the ops' costs (published train budget)."""
        setup, predict, learn = (sum(instruction.row.cost for instruction in component) for component in self)
        return setup + num_train_examples * (predict + learn)
