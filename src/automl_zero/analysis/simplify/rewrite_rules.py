"""Laws of arithmetic that hold exactly, in float32 and float64, for NaN and infinity too: each makes a program shorter.

A law may ignore the sign of a zero only in programs without division, in which it cannot be seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from automl_zero.analysis.dataflow.findings import Line
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
from automl_zero.analysis.dataflow.program_edit import SET_SCALAR, Rewrite, constant_scalar
from automl_zero.analysis.simplify.rewrite import bypass
from automl_zero.program.ops import Kind
from automl_zero.program.program import Instruction

DIVIDING = DIVISIONS | RECIPROCALS


@dataclass(frozen=True, slots=True)
class Law:
    """A law: its name, as steps tell it, and a function that gives the rewrite of a line that it allows."""

    name: str
    apply: Callable[[Flow, Line], Rewrite | None]


def first_rewrite(flow: Flow) -> tuple[str, Line, Rewrite] | None:
    """The first rewrite that any law allows, with the law's name and its line; None if there is none left."""
    for line in flow.instructions:
        for law in LAWS:
            rewrite = law.apply(flow, line)
            if rewrite is not None:
                return law.name, line, rewrite
    return None


def constant(flow: Flow, sources: Sources, seen: frozenset[Line] = frozenset()) -> float | None:
    """The number that a value always is, in all its elements; None where that is not known."""
    values = {_constant_of(flow, source, seen) for source in sources}
    (value, *more) = values or {None}
    return None if more else value


def _constant_of(flow: Flow, source: ValueSource, seen: frozenset[Line]) -> float | None:
    line = source.line
    if line is None:
        return 0.0 if source.given == ZERO else None
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
    """A number that a set tells from others; zeros compare equal whatever their sign, so the negative one is none."""
    return None if value == 0 and math.copysign(1, value) < 0 else value


@np.errstate(all="ignore")
def _computed(instruction: Instruction, inputs: list[float]) -> float | None:
    """What an op gives for numbers, if it is a number that both precisions agree on."""
    double = float(instruction.row.meaning(*map(np.float64, inputs)))
    single = np.float32(instruction.row.meaning(*map(np.float32, inputs)))
    return None if math.isnan(double) or np.float32(double) != single else _signed(double)


def _fold(flow: Flow, line: Line) -> Rewrite | None:
    instruction = flow.instructions[line]
    value = constant(flow, frozenset({ValueSource(line)}))
    if value is None or instruction.op == SET_SCALAR or instruction.row.output is not Kind.SCALAR:
        return None
    return {line: (constant_scalar(instruction.out, value),)}


def _draws_nothing(flow: Flow, line: Line) -> Rewrite | None:
    """A random number without room to vary, if no other draw has its stream changed when this one is gone."""
    instruction = flow.instructions[line]
    if not instruction.row.draws or instruction.row.output is not Kind.SCALAR or any(_draws_after(flow, line)):
        return None
    low, other = instruction.data
    varies = other > low if instruction.row.draws == "uniform" else other != 0
    if varies or low == 0 or not all(map(math.isfinite, instruction.data)):
        return None
    return {line: (constant_scalar(instruction.out, low),)}


def _draws_after(flow: Flow, line: Line) -> Iterator[bool]:
    later = False
    for each, instruction in flow.instructions.items():
        yield later and bool(instruction.row.draws)
        later = later or each == line


def _is_scalar_one(flow: Flow, line: Line) -> Rewrite | None:
    """A scalar heaviside of zeros and ones is one."""
    inner = _inner(flow, line)
    if inner and {flow.op(line), flow.op(inner)} <= STEPS_AT_ZERO:
        return {line: (constant_scalar(flow.instructions[line].out, 1.0),)}
    return None


def _keeps(ops: frozenset[str], place: int, other: float, flow: Flow, line: Line) -> Rewrite | None:
    """An op gives the operand at that place where the other one is that number."""
    if flow.op(line) not in ops or constant(flow, flow.reads[line][1 - place]) != other:
        return None
    return bypass(flow, line, flow.instructions[line].inputs()[place], line)


def _adds_zero(place: int, flow: Flow, line: Line) -> Rewrite | None:
    if flow.op(line) not in SUMS or not (_signless(flow) or _all(flow, line, place, NOT_NEGATIVE)):
        return None
    return _keeps(SUMS, place, 0.0, flow, line)


def _same_bounds(flow: Flow, line: Line) -> Rewrite | None:
    instruction = flow.instructions[line]
    inputs = instruction.inputs()
    same = flow.op(line) in BOUNDS and inputs[0] == inputs[1]
    return bypass(flow, line, inputs[0], line) if same else None


def _already(ops: frozenset[str], inner: frozenset[str], flow: Flow, line: Line) -> Rewrite | None:
    """An op changes nothing of what one of the inner ops has given."""
    if flow.op(line) not in ops or not _all(flow, line, 0, inner):
        return None
    return bypass(flow, line, flow.instructions[line].inputs()[0], line)


def _floor_of_zero(flow: Flow, line: Line) -> Rewrite | None:
    """The larger of zero and what is never negative; of NaN, scalars and vectors keep the first operand."""
    if flow.op(line) not in MAXIMA_THAT_KEEP_NAN or not _all(flow, line, 0, NOT_NEGATIVE):
        return None
    return _keeps(frozenset({flow.op(line)}), 0, 0.0, flow, line)


def _transposed_twice(flow: Flow, line: Line) -> Rewrite | None:
    inner = _inner(flow, line)
    if not inner or not {flow.op(line), flow.op(inner)} <= TRANSPOSES or inner[0] != line[0]:
        return None
    return bypass(flow, line, flow.instructions[inner].inputs()[0], inner) if inner[1] < line[1] else None


def _negated_twice(flow: Flow, line: Line) -> Rewrite | None:
    """Zero minus (zero minus x)."""
    inner = _inner(flow, line, 1)
    both = inner is not None and inner[0] == line[0] and inner[1] < line[1] and _signless(flow)
    if not both or inner is None or not {flow.op(line), flow.op(inner)} <= DIFFERENCES:
        return None
    if constant(flow, flow.reads[line][0]) != 0 or constant(flow, flow.reads[inner][0]) != 0:
        return None
    return bypass(flow, line, flow.instructions[inner].inputs()[1], inner)


def _known_already(flow: Flow, line: Line) -> Rewrite | None:
    """A line that computes what an earlier one has computed from the same values."""
    instruction = flow.instructions[line]
    if instruction.row.draws or instruction.row.partial:
        return None
    for earlier in _earlier(flow, line):
        same = replace(flow.instructions[earlier], out=instruction.out) == instruction
        if same and flow.reads[earlier] == flow.reads[line] and not _changed(flow, earlier, line):
            return bypass(flow, line, flow.instructions[earlier].outputs()[0], earlier)
    return None


def _earlier(flow: Flow, line: Line) -> Iterator[Line]:
    return (each for each in flow.instructions if each[0] == line[0] and each[1] < line[1])


def _changed(flow: Flow, earlier: Line, line: Line) -> bool:
    """Whether what a line reads is written from an earlier line on."""
    writers = [each for each in _earlier(flow, line) if each[1] >= earlier[1]]
    read = set(flow.instructions[line].inputs())
    return any(not read.isdisjoint(flow.instructions[each].outputs()) for each in writers)


def _inner(flow: Flow, line: Line, place: int = 0) -> Line | None:
    """The only line that an operand is from."""
    operands = flow.reads[line]
    sources = [source.line for source in operands[place]] if place < len(operands) else []
    return sources[0] if len(sources) == 1 else None


def _all(flow: Flow, line: Line, place: int, ops: frozenset[str]) -> bool:
    """Whether an operand is always given by one of the ops."""
    return all(source.line is not None and flow.op(source.line) in ops for source in flow.reads[line][place])


def _signless(flow: Flow) -> bool:
    return not any(flow.op(line) in DIVIDING for line in flow.instructions)


LAWS: tuple[Law, ...] = (
    Law("a constant", _fold),
    Law("a draw that never varies", _draws_nothing),
    Law("heaviside of zeros and ones is one", _is_scalar_one),
    Law("x * 1 = x", partial(_keeps, FACTORS, 0, 1.0)),
    Law("1 * x = x", partial(_keeps, FACTORS | SCALINGS, 1, 1.0)),
    Law("x / 1 = x", partial(_keeps, DIVISIONS, 0, 1.0)),
    Law("x - 0 = x", partial(_keeps, DIFFERENCES, 0, 0.0)),
    Law("x + 0 = x", partial(_adds_zero, 0)),
    Law("0 + x = x", partial(_adds_zero, 1)),
    Law("minimum(x, x) = maximum(x, x) = x", _same_bounds),
    Law("abs(x) = x where x is not negative", partial(_already, MAGNITUDES, NOT_NEGATIVE)),
    Law("heaviside(x) = x of zeros and ones", partial(_already, STEPS, STEPS)),
    Law("maximum(x, 0) = x where x is not negative", _floor_of_zero),
    Law("transpose(transpose(x)) = x", _transposed_twice),
    Law("0 - (0 - x) = x", _negated_twice),
    Law("computed before", _known_already),
)
