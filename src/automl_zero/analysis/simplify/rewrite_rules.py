"""Rewrite rules: identities of arithmetic by which a program becomes shorter, in float32 and float64 alike.

Each holds bit for bit for every input, NaN and infinity included. The one exception is the sign of zero: a rule may
ignore it only in programs without division, where no other op can tell -0 from +0 (1 / -0 is -inf).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from automl_zero.analysis.dataflow.flow import ZERO, Flow, Sources, ValueSource
from automl_zero.analysis.dataflow.op_groups import (
    BOUNDS,
    BROADCASTS,
    DIFFERENCES,
    DIVISIONS,
    EXACT_ON_SCALARS,
    FACTORS,
    MAGNITUDES,
    MAXIMA_THAT_KEEP_NAN,
    NOT_NEGATIVE,
    RECIPROCALS,
    SCALINGS,
    STEPS,
    STEPS_AT_ZERO,
    SUMS,
    TRANSPOSES,
)
from automl_zero.analysis.simplify.rewrite import bypass
from automl_zero.program.ops import Kind
from automl_zero.program.program import Instruction
from automl_zero.program.program_edit import SET_SCALAR, Line, Rewrite, constant_scalar

# The only ops that map +0 and -0 to different values (infinities); all others give results that compare equal.
DIVIDING = DIVISIONS | RECIPROCALS


@dataclass(frozen=True, slots=True)
class RewriteRule:
    """A rewrite rule.

    Attributes:
        name: the name under which steps of a simplification report it.
        apply: returns the rewrite of a line that the rule allows; None where it does not apply.
    """

    name: str
    apply: Callable[[Flow, Line], Rewrite | None]


def first_rewrite(flow: Flow) -> tuple[str, Line, Rewrite] | None:
    """Return the first rewrite that any rule allows, with the rule's name and the line; None if no rule applies."""
    for line in flow.instructions:
        for rule in REWRITE_RULES:
            rewrite = rule.apply(flow, line)
            if rewrite is not None:
                return rule.name, line, rewrite
    return None


def constant(flow: Flow, sources: Sources, seen: frozenset[Line] = frozenset()) -> float | None:
    """Return the number that a value always is, in all its elements; None where it is not known.

    This is constant folding over the data flow: a value is constant if all its sources have the same constant.
    """
    values = {_constant_of(flow, source, seen) for source in sources}
    (value, *more) = values or {None}
    return None if more else value


def _constant_of(flow: Flow, source: ValueSource, seen: frozenset[Line]) -> float | None:
    line = source.line
    if line is None:
        return 0.0 if source.given == ZERO else None
    # A cycle, as in s2 = s2 + s3: the value changes from example to example.
    if line in seen:
        return None
    instruction = flow.instructions[line]
    if instruction.op == SET_SCALAR:
        return _signed(instruction.data[0])
    if instruction.row.name not in EXACT_ON_SCALARS | BROADCASTS:
        return None
    inputs = [constant(flow, sources, seen | {line}) for sources in flow.reads[line]]
    known = [value for value in inputs if value is not None]
    return _computed(instruction, known) if len(known) == len(inputs) else None


def _signed(value: float) -> float | None:
    """Return the number, or None for -0, which compares equal to +0 and so could not be distinguished from it."""
    return None if value == 0 and math.copysign(1, value) < 0 else value


@np.errstate(all="ignore")
def _computed(instruction: Instruction, inputs: list[float]) -> float | None:
    """Return what an op gives for numbers, if the result is the same number in both precisions."""
    # A program may run in either precision, and its text holds one number: fold only if float32(f64 result) equals the
    # f32 result. NaN is not folded, as it has no spelling in the text of a program.
    double = float(instruction.row.meaning(*map(np.float64, inputs)))
    single = np.float32(instruction.row.meaning(*map(np.float32, inputs)))
    return None if math.isnan(double) or np.float32(double) != single else _signed(double)


def _fold(flow: Flow, line: Line) -> Rewrite | None:
    """Replace a scalar op of constants by its result."""
    instruction = flow.instructions[line]
    value = constant(flow, frozenset({ValueSource(line)}))
    if value is None or instruction.op == SET_SCALAR or instruction.row.output is not Kind.SCALAR:
        return None
    return {line: (constant_scalar(instruction.out, value),)}


def _draws_nothing(flow: Flow, line: Line) -> Rewrite | None:
    """Replace a draw without spread, such as uniform(c, c) or gaussian(c, 0), by the constant c."""
    # Noise streams are numbered in the order of the draws: without this one, those after it would draw other numbers.
    instruction = flow.instructions[line]
    if not instruction.row.draws or instruction.row.output is not Kind.SCALAR or any(_draws_after(flow, line)):
        return None
    low, other = instruction.data
    # Bounds in the wrong order give the lower one (see ``program.ops``), so uniform varies only where high > low.
    varies = other > low if instruction.row.draws == "uniform" else other != 0
    if varies or low == 0 or not all(map(math.isfinite, instruction.data)):
        return None
    return {line: (constant_scalar(instruction.out, low),)}


def _draws_after(flow: Flow, line: Line) -> Iterator[bool]:
    """Yield, for each line, whether it draws and comes after ``line``."""
    later = False
    for each, instruction in flow.instructions.items():
        yield later and bool(instruction.row.draws)
        later = later or each == line


def _is_scalar_one(flow: Flow, line: Line) -> Rewrite | None:
    """Replace heaviside(heaviside(x)) of scalars by 1: the inner value is 0 or 1, and both are mapped to 1."""
    inner = _inner(flow, line)
    if inner and {flow.op(line), flow.op(inner)} <= STEPS_AT_ZERO:
        return {line: (constant_scalar(flow.instructions[line].out, 1.0),)}
    return None


def _keeps(ops: frozenset[str], place: int, other: float, flow: Flow, line: Line) -> Rewrite | None:
    """Replace an op by its operand ``place`` where the other operand is the number ``other``."""
    if flow.op(line) not in ops or constant(flow, flow.reads[line][1 - place]) != other:
        return None
    # x * 1, x / 1 and x - 0 return x unchanged by IEEE 754, whether x is NaN, infinite or a zero of either sign.
    return bypass(flow, line, flow.instructions[line].inputs()[place], line)


def _adds_zero(place: int, flow: Flow, line: Line) -> Rewrite | None:
    """Replace x + 0 by x; -0 + 0 is +0, so the sign of zero must not matter, or x never be -0."""
    if flow.op(line) not in SUMS or not (_signless(flow) or _all(flow, line, place, NOT_NEGATIVE)):
        return None
    return _keeps(SUMS, place, 0.0, flow, line)


def _same_bounds(flow: Flow, line: Line) -> Rewrite | None:
    """Replace min(x, x) or max(x, x) by x; both return a NaN operand."""
    instruction = flow.instructions[line]
    inputs = instruction.inputs()
    same = flow.op(line) in BOUNDS and inputs[0] == inputs[1]
    return bypass(flow, line, inputs[0], line) if same else None


def _already(ops: frozenset[str], inner: frozenset[str], flow: Flow, line: Line) -> Rewrite | None:
    """Replace an op by its operand where that is the result of an op of ``inner``, on which the op is the identity."""
    if flow.op(line) not in ops or not _all(flow, line, 0, inner):
        return None
    return bypass(flow, line, flow.instructions[line].inputs()[0], line)


def _floor_of_zero(flow: Flow, line: Line) -> Rewrite | None:
    """Replace max(x, 0) by x where x is never negative, nor a negative zero.

    A NaN in x stays, since the maximum of scalars and vectors returns its first operand if the comparison with it is
    false.
    """
    if flow.op(line) not in MAXIMA_THAT_KEEP_NAN or not _all(flow, line, 0, NOT_NEGATIVE):
        return None
    return _keeps(frozenset({flow.op(line)}), 0, 0.0, flow, line)


def _transposed_twice(flow: Flow, line: Line) -> Rewrite | None:
    """Replace the transpose of a transpose by the matrix."""
    inner = _inner(flow, line)
    if not inner or not {flow.op(line), flow.op(inner)} <= TRANSPOSES or inner[0] != line[0]:
        return None
    return bypass(flow, line, flow.instructions[inner].inputs()[0], inner) if inner[1] < line[1] else None


def _negated_twice(flow: Flow, line: Line) -> Rewrite | None:
    """Replace 0 - (0 - x) by x where the sign of zero does not matter: the result for x = -0 is +0."""
    inner = _inner(flow, line, 1)
    both = inner is not None and inner[0] == line[0] and inner[1] < line[1] and _signless(flow)
    if not both or inner is None or not {flow.op(line), flow.op(inner)} <= DIFFERENCES:
        return None
    if constant(flow, flow.reads[line][0]) != 0 or constant(flow, flow.reads[inner][0]) != 0:
        return None
    return bypass(flow, line, flow.instructions[inner].inputs()[1], inner)


def _known_already(flow: Flow, line: Line) -> Rewrite | None:
    """Replace a line that repeats an earlier one of the same component function (common subexpression elimination)."""
    instruction = flow.instructions[line]
    if instruction.row.draws or instruction.row.partial:
        return None
    for earlier in _earlier(flow, line):
        # Equal sources are not enough: a line between the two may be the source of both, for the earlier one with its
        # value from the previous example.
        same = replace(flow.instructions[earlier], out=instruction.out) == instruction
        if same and flow.reads[earlier] == flow.reads[line] and not _changed(flow, earlier, line):
            return bypass(flow, line, flow.instructions[earlier].outputs()[0], earlier)
    return None


def _earlier(flow: Flow, line: Line) -> Iterator[Line]:
    return (each for each in flow.instructions if each[0] == line[0] and each[1] < line[1])


def _changed(flow: Flow, earlier: Line, line: Line) -> bool:
    """Return whether an input of a line is written by the earlier line, or by one between the two."""
    writers = [each for each in _earlier(flow, line) if each[1] >= earlier[1]]
    read = set(flow.instructions[line].inputs())
    return any(not read.isdisjoint(flow.instructions[each].outputs()) for each in writers)


def _inner(flow: Flow, line: Line, place: int = 0) -> Line | None:
    """Return the line that an operand comes from, if that is the only source."""
    operands = flow.reads[line]
    sources = [source.line for source in operands[place]] if place < len(operands) else []
    return sources[0] if len(sources) == 1 else None


def _all(flow: Flow, line: Line, place: int, ops: frozenset[str]) -> bool:
    """Return whether an operand is always the result of one of the ops."""
    return all(source.line is not None and flow.op(source.line) in ops for source in flow.reads[line][place])


def _signless(flow: Flow) -> bool:
    """Return whether no op of the program can tell a negative zero from zero: only division and reciprocals do."""
    return not any(flow.op(line) in DIVIDING for line in flow.instructions)


REWRITE_RULES: tuple[RewriteRule, ...] = (
    # Constants first, as the rules below recognize them. In all rules, "=" means equal bits.
    RewriteRule("a constant", _fold),
    RewriteRule("a draw that never varies", _draws_nothing),
    RewriteRule("heaviside of zeros and ones is one", _is_scalar_one),
    # By IEEE 754 these give x itself, also for NaN, infinity and both zeros.
    RewriteRule("x * 1 = x", partial(_keeps, FACTORS, 0, 1.0)),
    RewriteRule("1 * x = x", partial(_keeps, FACTORS | SCALINGS, 1, 1.0)),
    RewriteRule("x / 1 = x", partial(_keeps, DIVISIONS, 0, 1.0)),
    RewriteRule("x - 0 = x", partial(_keeps, DIFFERENCES, 0, 0.0)),
    # Only where no op can tell -0 from +0, or x is never -0: -0 + 0 = +0.
    RewriteRule("x + 0 = x", partial(_adds_zero, 0)),
    RewriteRule("0 + x = x", partial(_adds_zero, 1)),
    RewriteRule("minimum(x, x) = maximum(x, x) = x", _same_bounds),
    # The absolute value clears a sign bit that is not set here; NaN stays NaN.
    RewriteRule("abs(x) = x where x is not negative", partial(_already, MAGNITUDES, NOT_NEGATIVE)),
    # Zeros and ones are never NaN, which heaviside would turn into 0.
    RewriteRule("heaviside(x) = x of zeros and ones", partial(_already, STEPS, STEPS)),
    RewriteRule("maximum(x, 0) = x where x is not negative", _floor_of_zero),
    RewriteRule("transpose(transpose(x)) = x", _transposed_twice),
    RewriteRule("0 - (0 - x) = x", _negated_twice),
    # The same op on the same operands gives the same bits, except for a draw.
    RewriteRule("computed before", _known_already),
)
