"""Data flow of a program: for each operand, the instructions that may have written the value it reads.

This is the reaching-definitions analysis of compilers. Memory persists between examples, so a definition may reach a
read from an earlier example: Setup runs once, then Predict and Learn alternate, and in validation Predict follows
Predict. Only live instructions count, and lines keep the numbers that they have in the program.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

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
from automl_zero.program.program_edit import Line, instruction_at, live_lines

Cell = tuple[Kind, int]

GIVEN_FEATURES, GIVEN_LABEL, GIVEN_PREDICTION, ZERO = "features", "label", "prediction", "zero"
SETUP, PREDICT, LEARN = COMPONENTS


class ValueSource(NamedTuple):
    """The origin of a value: a line or, where ``line`` is None, the input of the program that ``given`` names."""

    line: Line | None
    given: str = ""


Sources = frozenset[ValueSource]
_Definitions = dict[Cell, Sources]
# Memory is zeroed before Setup, so "zero" reaches every cell that no instruction has written yet.
_ZERO: Sources = frozenset({ValueSource(None, ZERO)})


def line_order(line: Line) -> tuple[int, int]:
    """Return the key that sorts lines into program order."""
    return COMPONENTS.index(line[0]), line[1]


def label_cell(multiclass: bool) -> Cell:
    """Return the cell that holds the label."""
    return (Kind.VECTOR, CLASS_LABEL) if multiclass else (Kind.SCALAR, LABEL)


def prediction_cell(multiclass: bool) -> Cell:
    """Return the cell that holds the prediction."""
    return (Kind.VECTOR, CLASS_PREDICTION) if multiclass else (Kind.SCALAR, PREDICTION)


def given_cells(multiclass: bool) -> tuple[Cell, ...]:
    """Return the cells with a fixed meaning: features, label and prediction."""
    scalar_label = (Kind.SCALAR, LABEL)  # reserved in multiclass programs, too: it reads as 0 there
    # For two classes and regression, the label is s0 itself, listed once.
    cells = ((Kind.VECTOR, FEATURES), scalar_label, label_cell(multiclass), prediction_cell(multiclass))
    return tuple(sorted(dict.fromkeys(cells)))


def read_cells(instruction: Instruction) -> tuple[Cell, ...]:
    """Return the cells that an instruction reads.

    These are its inputs and, where the op sets a single element, the output cell, whose other elements persist.
    """
    return instruction.inputs() + (instruction.outputs() if instruction.row.partial else ())


@dataclass(frozen=True, eq=False)
class Flow:
    """The data flow of a program.

    Attributes:
        program: the analyzed program.
        multiclass: whether label and prediction are the vectors v1 and v2.
        instructions: the live lines, in program order.
        reads: the sources of each of the ``read_cells`` of a line (use-def chains).
        prediction: the sources of the prediction after Predict.
        before: for each component function, the sources of every cell at its entry, whether it reads the cell or not.
    """

    program: Program
    multiclass: bool
    instructions: Mapping[Line, Instruction]
    reads: Mapping[Line, tuple[Sources, ...]]
    prediction: Sources
    before: Mapping[str, Mapping[Cell, Sources]]

    @cached_property
    def readers(self) -> Mapping[Line, tuple[tuple[Line, int], ...]]:
        """The def-use chains: for each line, the lines that may read its output, with the index of the operand."""
        found: dict[Line, list[tuple[Line, int]]] = {line: [] for line in self.instructions}
        for line, operands in self.reads.items():
            for place, sources in enumerate(operands):
                for source in sources:
                    if source.line is not None:
                        found[source.line].append((line, place))
        return {line: tuple(readers) for line, readers in found.items()}

    def op(self, line: Line) -> str:
        """Return the name of the op of a line."""
        return self.instructions[line].row.name

    def is_given(self, sources: Sources, given: str) -> bool:
        """Return whether a value is always the input of that name."""
        return sources == {ValueSource(None, given)}

    def ancestors(self, sources: Iterable[ValueSource], barrier: Iterable[Line] = ()) -> frozenset[ValueSource]:
        """Return all sources that values may be computed from, themselves included.

        Lines in ``barrier`` are included, but not the sources of their operands.
        """
        # A worklist over the use-def graph, which has cycles, since memory persists.
        stop, found, waiting = set(barrier), set[ValueSource](), list(sources)
        while waiting:
            source = waiting.pop()
            if source not in found:
                found.add(source)
                if source.line is not None and source.line not in stop:
                    waiting.extend(each for operand in self.reads[source.line] for each in operand)
        return frozenset(found)

    def depends(self, sources: Iterable[ValueSource], given: str, barrier: Iterable[Line] = ()) -> bool:
        """Return whether values may depend on the input of that name."""
        return ValueSource(None, given) in self.ancestors(sources, barrier)


def flow_of(program: Program, multiclass: bool = False) -> Flow:
    """Return the data flow of a program: the least fixed point of the definitions that reach each component."""
    live = _live_instructions(program, multiclass)
    reads: dict[Line, tuple[Sources, ...]] = {}
    # An empty state stands for "has not run yet". Each pass adds sources to the states and removes none: _propagate
    # replaces the sources of a written cell by its line, and otherwise passes on what it receives, so both it and _join
    # are monotone. There are finitely many (cell, source) pairs, so the loop ends, and it ends at the least solution.
    after: dict[str, _Definitions] = {name: {} for name in COMPONENTS}
    after[SETUP] = _propagate(live, SETUP, {}, reads)
    while True:
        # Predict follows Setup (first example), Learn (training) or Predict (validation, in which Learn does not run).
        before_predict = _with_inputs(_join(after[SETUP], after[LEARN], after[PREDICT]), multiclass, PREDICT)
        after_predict = _propagate(live, PREDICT, before_predict, reads)
        before_learn = _with_inputs(after_predict, multiclass, LEARN)
        after_learn = _propagate(live, LEARN, before_learn, reads)
        # ``reads`` was filled from the same states that are compared here, so it belongs to the fixed point as well.
        if (after_predict, after_learn) == (after[PREDICT], after[LEARN]):
            before = {SETUP: {}, PREDICT: before_predict, LEARN: before_learn}
            prediction = after_predict.get(prediction_cell(multiclass), _ZERO)
            return Flow(
                program=program,
                multiclass=multiclass,
                instructions=live,
                reads=reads,
                prediction=prediction,
                before=before,
            )
        after[PREDICT], after[LEARN] = after_predict, after_learn


def _live_instructions(program: Program, multiclass: bool) -> dict[Line, Instruction]:
    return {line: instruction_at(program, line) for line in live_lines(program, multiclass)}


def _join(*states: Mapping[Cell, Sources]) -> _Definitions:
    """Return the union of the sources of each cell over several predecessors.

    A cell that a predecessor does not mention is still zero there, unless that predecessor has not run (its state is
    empty).
    """
    # The first state is Setup's, which has always run, even where it is empty and writes nothing.
    reached = [states[0], *filter(None, states[1:])]
    cells = {cell for state in reached for cell in state}
    return {cell: frozenset().union(*(state.get(cell, _ZERO) for state in reached)) for cell in cells}


def _with_inputs(state: Mapping[Cell, Sources], multiclass: bool, component: str) -> _Definitions:
    """Return the state with the inputs that the executor writes before a component function runs."""
    # The label is hidden from Predict: its cell is zeroed there. Learn sees the label and the normalized prediction.
    label = {(Kind.SCALAR, LABEL): _ZERO, label_cell(multiclass): _ZERO}
    if component == LEARN:
        label[label_cell(multiclass)] = frozenset({ValueSource(None, GIVEN_LABEL)})
        label[prediction_cell(multiclass)] = frozenset({ValueSource(None, GIVEN_PREDICTION)})
    return {**state, (Kind.VECTOR, FEATURES): frozenset({ValueSource(None, GIVEN_FEATURES)}), **label}


def _propagate(
    live: Mapping[Line, Instruction],
    component: str,
    before: Mapping[Cell, Sources],
    reads: dict[Line, tuple[Sources, ...]],
) -> _Definitions:
    """Run a component function on sources instead of values; fill ``reads`` and return the state after it."""
    state = dict(before)
    for line, instruction in live.items():
        if line[0] == component:
            reads[line] = tuple(state.get(cell, _ZERO) for cell in read_cells(instruction))
            # A partial write (one element) also kills the old sources: they are operands of the line itself, since
            # ``read_cells`` lists its output, so ``ancestors`` still finds them.
            state.update({cell: frozenset({ValueSource(line)}) for cell in instruction.outputs()})
    return state
