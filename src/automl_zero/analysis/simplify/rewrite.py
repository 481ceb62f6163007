"""Rewrites that shorten a program: remove a line and redirect the readers of its output.

A rewrite is plain data (the new instructions of some lines), so that each step can be recorded. It is returned only if
every reader gets exactly the value that it got before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from automl_zero.analysis.dataflow.flow import LEARN, PREDICT, Cell, Flow, given_cells, line_order
from automl_zero.program.ops import Kind
from automl_zero.program.program import Instruction, Program
from automl_zero.program.program_edit import Line, Rewrite


def bypass(flow: Flow, line: Line, cell: Cell, since: Line) -> Rewrite | None:
    """Return the rewrite that removes a line and lets its readers use ``cell`` instead; None if values would change.

    Args:
        flow: the flow of a program without dead instructions.
        line: the line to remove; its value equals that of the cell.
        cell: another address of the same kind, or the output of the line itself.
        since: the line from which on the cell has that value: an earlier line of the same component function, or
            ``line`` itself.
    """
    (output,) = flow.instructions[line].outputs()
    # In place: the output address holds the value already, so nothing has to be redirected.
    if cell == output and not _written(flow, cell, since, line):
        return {line: ()}
    # Otherwise either every reader reads the other address, or the writer of the other address writes to this one.
    return _readers_moved(flow, line, cell, since) or (_moved(flow, line, cell) if since == line else None)


def _readers_moved(flow: Flow, line: Line, cell: Cell, since: Line) -> Rewrite | None:
    """Redirect every reader to the cell.

    All readers must run after the line in the same step, and the cell must not be written before they run.
    """
    changed: dict[Line, tuple[Instruction, ...]] = {line: ()}
    # The executor itself reads the prediction, from a fixed address: that read cannot be redirected.
    if any(source.line == line for source in flow.prediction):
        return None
    for reader, place in flow.readers[line]:
        (instruction,) = changed.get(reader) or (flow.instructions[reader],)
        # The reader must have this line as its only source, and read it as an input: the old value of a partially
        # written output (place beyond the inputs) has no operand that could be changed.
        alone = len(flow.reads[reader][place]) == 1 and place < len(instruction.inputs())
        if not (alone and _comes_after(flow, reader, line, cell)) or _written(flow, cell, since, reader):
            return None
        changed[reader] = (replace(instruction, in2=cell[1]) if place else replace(instruction, in1=cell[1]),)
    return changed


def _moved(flow: Flow, line: Line, cell: Cell) -> Rewrite | None:
    """Let the line that wrote the cell write to the output of this line instead, if this line is its only reader."""
    (output,) = flow.instructions[line].outputs()
    places = [place for place, read in enumerate(flow.instructions[line].inputs()) if read == cell]
    sources = flow.reads[line][places[0]]
    (source, *more) = sources
    # The one source must be an earlier line of the same component function, hence of the same execution.
    if more or source.line is None or source.line[0] != line[0] or source.line[1] > line[1]:
        return None
    writer = flow.instructions[source.line]
    # Between the two lines, the new output address must be neither read nor written, and nobody else may miss the old
    # one. A partial write cannot move, as the other elements of its output stay where they are.
    alone = {reader for reader, _ in flow.readers[source.line]} == {line}
    if not alone or source in flow.prediction or writer.row.partial or _used(flow, output, source.line, line):
        return None
    return {line: (), source.line: (replace(writer, out=output[1]),)}


def _written(flow: Flow, cell: Cell, first: Line, last: Line) -> bool:
    """Return whether a cell is written between two lines, or overwritten by the first one, which also reads it."""
    return any(cell in flow.instructions[each].outputs() for each in _between(flow, first, last)) or (
        first != last and cell in flow.instructions[first].outputs() and cell in flow.instructions[first].inputs()
    )


def _used(flow: Flow, cell: Cell, first: Line, last: Line) -> bool:
    """Return whether a cell is read or written between two lines."""
    return any(cell in flow.instructions[each].operands() for each in _between(flow, first, last))


def _comes_after(flow: Flow, reader: Line, line: Line, cell: Cell) -> bool:
    """Return whether a reader runs after a line in the same step.

    It does in the same component function, or in the Learn after Predict. The executor writes features, label and
    prediction between Predict and Learn, so those cells do not qualify.
    """
    if reader[0] == line[0]:
        return reader[1] > line[1]
    return line[0] == PREDICT and reader[0] == LEARN and cell not in given_cells(flow.multiclass)


def _between(flow: Flow, first: Line, last: Line) -> Iterator[Line]:
    """Yield the lines that run after ``first`` and before ``last`` in the same step."""
    return (line for line in flow.instructions if line_order(first) < line_order(line) < line_order(last))


def canonical(program: Program, multiclass: bool = False) -> Program:
    """Return an equal program in canonical form.

    Addresses are numbered in the order of their first use, except those with a fixed meaning, and commutative operands
    are sorted by address.
    """
    return with_ordered_operands(_renumbered(program, multiclass))


def with_ordered_operands(program: Program) -> Program:
    """Return an equal program in which the lower address comes first in commutative ops."""
    return Program(*(tuple(map(_in_order, component)) for component in program))


def _in_order(instruction: Instruction) -> Instruction:
    # Only ops marked commutative in their row qualify: equal results bit for bit, which a maximum, for example, lacks
    # for NaN.
    low, high = sorted((instruction.in1, instruction.in2))
    return replace(instruction, in1=low, in2=high) if instruction.row.commutative else instruction


def _renumbered(program: Program, multiclass: bool) -> Program:
    # Addresses with a fixed meaning keep their numbers and are taken from the start.
    names: dict[Cell, int] = {cell: cell[1] for cell in given_cells(multiclass)}
    used = {kind: {address for of, address in names if of is kind} for kind in Kind}
    for instruction in program.instructions():
        for kind, address in instruction.operands():
            if (kind, address) not in names:
                # The lowest free number, in the order of first use: equal programs get equal numbers.
                names[kind, address] = next(number for number in range(64) if number not in used[kind])
                used[kind].add(names[kind, address])
    return Program(*(tuple(_renamed(each, names) for each in component) for component in program))


def _renamed(instruction: Instruction, names: dict[Cell, int]) -> Instruction:
    in1, in2 = (*(names[cell] for cell in instruction.inputs()), 0, 0)[:2]
    out = next((names[cell] for cell in instruction.outputs()), 0)
    return replace(instruction, in1=in1, in2=in2, out=out)
