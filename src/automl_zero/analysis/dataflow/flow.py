"""Where the values of a program come from: for everything that is read, the instructions that may have written it.

Memory persists, so a value may come from an earlier example. Only live instructions count, and lines keep the numbers
that they have in the program.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from automl_zero.analysis.dataflow.findings import Line
from automl_zero.analysis.dataflow.program_edit import instruction_at, live_lines
from automl_zero.program.ops import Kind
from automl_zero.program.program import (
    CLASS_LABEL,
    CLASS_PREDICTION,
    COMPONENTS,
    FEATURES,
    LABEL,
    PREDICTION,
    Instruction,
    Program,
)

Cell = tuple[Kind, int]

GIVEN_FEATURES, GIVEN_LABEL, GIVEN_PREDICTION, ZERO = "features", "label", "prediction", "zero"
SETUP, PREDICT, LEARN = COMPONENTS


class ValueSource(NamedTuple):
    """Where a value is from: a line, or what is given (``line`` is then None, and ``given`` tells what)."""

    line: Line | None
    given: str = ""


Sources = frozenset[ValueSource]
_State = dict[Cell, Sources]
_ZERO: Sources = frozenset({ValueSource(None, ZERO)})


def line_order(line: Line) -> tuple[int, int]:
    """By this, lines are sorted as they are in the program."""
    return COMPONENTS.index(line[0]), line[1]


def label_cell(multiclass: bool) -> Cell:
    """Where the label is."""
    return (Kind.VECTOR, CLASS_LABEL) if multiclass else (Kind.SCALAR, LABEL)


def prediction_cell(multiclass: bool) -> Cell:
    """Where the prediction is."""
    return (Kind.VECTOR, CLASS_PREDICTION) if multiclass else (Kind.SCALAR, PREDICTION)


def given_cells(multiclass: bool) -> tuple[Cell, ...]:
    """The addresses with a fixed meaning: features, label and prediction."""
    scalar_label = (Kind.SCALAR, LABEL)  # which is no memory, and is 0 where the label is a vector
    cells = ((Kind.VECTOR, FEATURES), scalar_label, label_cell(multiclass), prediction_cell(multiclass))
    return tuple(sorted(dict.fromkeys(cells)))


def read_cells(instruction: Instruction) -> tuple[Cell, ...]:
    """What an instruction reads: its inputs and, where it sets one element, the old value of its output."""
    return instruction.inputs() + (instruction.outputs() if instruction.row.partial else ())


@dataclass(frozen=True, eq=False)
class Flow:
    """The data flow of a program.

    Attributes:
        program, multiclass: what it is the flow of.
        instructions: the live lines, in order.
        reads: for each of them, the sources of each of ``read_cells``.
        prediction: sources of the prediction after Predict.
        before: for each component function, the sources of every cell as it finds it, which it need not read.
    """

    program: Program
    multiclass: bool
    instructions: Mapping[Line, Instruction]
    reads: Mapping[Line, tuple[Sources, ...]]
    prediction: Sources
    before: Mapping[str, Mapping[Cell, Sources]]

    @cached_property
    def readers(self) -> Mapping[Line, tuple[tuple[Line, int], ...]]:
        """For each line, who may read what it writes: a line and the number of its operand."""
        found: dict[Line, list[tuple[Line, int]]] = {line: [] for line in self.instructions}
        for line, operands in self.reads.items():
            for place, sources in enumerate(operands):
                for source in sources:
                    if source.line is not None:
                        found[source.line].append((line, place))
        return {line: tuple(readers) for line, readers in found.items()}

    def op(self, line: Line) -> str:
        """The name of a line's op."""
        return self.instructions[line].row.name

    def is_given(self, sources: Sources, given: str) -> bool:
        """Whether a value is always what is given under that name."""
        return sources == {ValueSource(None, given)}

    def ancestors(self, sources: Iterable[ValueSource], barrier: Iterable[Line] = ()) -> frozenset[ValueSource]:
        """All that values may be computed from, themselves included; lines of ``barrier`` are not looked behind."""
        stop, found, waiting = set(barrier), set[ValueSource](), list(sources)
        while waiting:
            source = waiting.pop()
            if source not in found:
                found.add(source)
                if source.line is not None and source.line not in stop:
                    waiting.extend(each for operand in self.reads[source.line] for each in operand)
        return frozenset(found)

    def depends(self, sources: Iterable[ValueSource], given: str, barrier: Iterable[Line] = ()) -> bool:
        """Whether values may depend on what is given under that name."""
        return ValueSource(None, given) in self.ancestors(sources, barrier)


def flow_of(program: Program, multiclass: bool = False) -> Flow:
    """Find the flow of a program: the smallest solution of what each component function hands on to the next."""
    live = _live(program, multiclass)
    reads: dict[Line, tuple[Sources, ...]] = {}
    left: dict[str, _State] = {name: {} for name in COMPONENTS}
    left[SETUP] = _walk(live, SETUP, {}, reads)
    while True:
        before_predict = _given(_either(left[SETUP], left[LEARN], left[PREDICT]), multiclass, PREDICT)
        after_predict = _walk(live, PREDICT, before_predict, reads)
        before_learn = _given(after_predict, multiclass, LEARN)
        after_learn = _walk(live, LEARN, before_learn, reads)
        if (after_predict, after_learn) == (left[PREDICT], left[LEARN]):
            before = {SETUP: {}, PREDICT: before_predict, LEARN: before_learn}
            prediction = after_predict.get(prediction_cell(multiclass), _ZERO)
            return Flow(program, multiclass, live, reads, prediction, before)
        left[PREDICT], left[LEARN] = after_predict, after_learn


def _live(program: Program, multiclass: bool) -> dict[Line, Instruction]:
    return {line: instruction_at(program, line) for line in live_lines(program, multiclass)}


def _either(*states: Mapping[Cell, Sources]) -> _State:
    """What cells may hold after any of these; where a state has no entry, they are zero unless none has run yet."""
    reached = [states[0], *filter(None, states[1:])]
    cells = {cell for state in reached for cell in state}
    return {cell: frozenset().union(*(state.get(cell, _ZERO) for state in reached)) for cell in cells}


def _given(state: Mapping[Cell, Sources], multiclass: bool, component: str) -> _State:
    """What the machine writes before a component function runs."""
    label = {(Kind.SCALAR, LABEL): _ZERO, label_cell(multiclass): _ZERO}
    if component == LEARN:
        label[label_cell(multiclass)] = frozenset({ValueSource(None, GIVEN_LABEL)})
        label[prediction_cell(multiclass)] = frozenset({ValueSource(None, GIVEN_PREDICTION)})
    return {**state, (Kind.VECTOR, FEATURES): frozenset({ValueSource(None, GIVEN_FEATURES)}), **label}


def _walk(
    live: Mapping[Line, Instruction],
    component: str,
    before: Mapping[Cell, Sources],
    reads: dict[Line, tuple[Sources, ...]],
) -> _State:
    """Go through a component function, note what its lines read, and give what it leaves."""
    state = dict(before)
    for line, instruction in live.items():
        if line[0] == component:
            reads[line] = tuple(state.get(cell, _ZERO) for cell in read_cells(instruction))
            state.update({cell: frozenset({ValueSource(line)}) for cell in instruction.outputs()})
    return state
