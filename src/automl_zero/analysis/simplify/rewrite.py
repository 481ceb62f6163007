"""Ways to write a program with fewer instructions: who reads what a line gives is made to read something else.

A rewrite is plain data, what becomes of which lines, so that a program can be followed from its raw form to its last.
It is offered only where every reader finds exactly the value that it is to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from automl_zero.analysis.dataflow.findings import Line
from automl_zero.analysis.dataflow.flow import LEARN, PREDICT, Cell, Flow, given_cells, line_order
from automl_zero.analysis.dataflow.program_edit import Rewrite
from automl_zero.program.ops import Kind
from automl_zero.program.program import Instruction, Program


def bypass(flow: Flow, line: Line, cell: Cell, since: Line) -> Rewrite | None:
    """Remove a line, whose readers take what ``cell`` held when ``since`` was run; None where they cannot.

    Args:
        flow: of a program without dead instructions.
        line: gives the same as is in the cell.
        cell: another address of the same kind, or that of the line's own output.
        since: an earlier line of the same component function, or ``line`` itself.
    """
    (output,) = flow.instructions[line].outputs()
    if cell == output and not _written(flow, cell, since, line):
        return {line: ()}
    return _readers_moved(flow, line, cell, since) or (_moved(flow, line, cell) if since == line else None)


def _readers_moved(flow: Flow, line: Line, cell: Cell, since: Line) -> Rewrite | None:
    """Readers read the cell: all come after the line in the same step, and the cell is not written before them."""
    changed: dict[Line, tuple[Instruction, ...]] = {line: ()}
    if any(source.line == line for source in flow.prediction):
        return None
    for reader, place in flow.readers[line]:
        (instruction,) = changed.get(reader) or (flow.instructions[reader],)
        alone = len(flow.reads[reader][place]) == 1 and place < len(instruction.inputs())
        if not (alone and _comes_after(flow, reader, line, cell)) or _written(flow, cell, since, reader):
            return None
        changed[reader] = (replace(instruction, in2=cell[1]) if place else replace(instruction, in1=cell[1]),)
    return changed


def _moved(flow: Flow, line: Line, cell: Cell) -> Rewrite | None:
    """The line that has written the cell, and for this reader alone, writes where this line would."""
    (output,) = flow.instructions[line].outputs()
    places = [place for place, read in enumerate(flow.instructions[line].inputs()) if read == cell]
    sources = flow.reads[line][places[0]]
    (source, *more) = sources
    if more or source.line is None or source.line[0] != line[0] or source.line[1] > line[1]:
        return None
    writer = flow.instructions[source.line]
    alone = {reader for reader, _ in flow.readers[source.line]} == {line}
    if not alone or source in flow.prediction or writer.row.partial or _used(flow, output, source.line, line):
        return None
    return {line: (), source.line: (replace(writer, out=output[1]),)}


def _written(flow: Flow, cell: Cell, first: Line, last: Line) -> bool:
    """Whether a cell is written between two lines, or by the first, if it was to be read before that."""
    return any(cell in flow.instructions[each].outputs() for each in _between(flow, first, last)) or (
        first != last and cell in flow.instructions[first].outputs() and cell in flow.instructions[first].inputs()
    )


def _used(flow: Flow, cell: Cell, first: Line, last: Line) -> bool:
    return any(cell in flow.instructions[each].operands() for each in _between(flow, first, last))


def _comes_after(flow: Flow, reader: Line, line: Line, cell: Cell) -> bool:
    """Whether a reader is run after a line, in the same component function or in the Learn that follows Predict.

    In between, what is given is written anew.
    """
    if reader[0] == line[0]:
        return reader[1] > line[1]
    return line[0] == PREDICT and reader[0] == LEARN and cell not in given_cells(flow.multiclass)


def _between(flow: Flow, first: Line, last: Line) -> Iterator[Line]:
    """The lines that are run after one and before another, of the same component function or of Predict and Learn."""
    return (line for line in flow.instructions if line_order(first) < line_order(line) < line_order(last))


def canonical(program: Program, multiclass: bool = False) -> Program:
    """An equal program: addresses in the order of their first use, and so the operands where they may change places.

    Addresses with a fixed meaning stay.
    """
    return with_ordered_operands(_renumbered(program, multiclass))


def with_ordered_operands(program: Program) -> Program:
    """An equal program: where operands may change places, the lower address comes first."""
    return Program(*(tuple(map(_in_order, component)) for component in program))


def _in_order(instruction: Instruction) -> Instruction:
    low, high = sorted((instruction.in1, instruction.in2))
    return replace(instruction, in1=low, in2=high) if instruction.row.commutative else instruction


def _renumbered(program: Program, multiclass: bool) -> Program:
    names: dict[Cell, int] = {cell: cell[1] for cell in given_cells(multiclass)}
    used = {kind: {address for of, address in names if of is kind} for kind in Kind}
    for instruction in program.instructions():
        for kind, address in instruction.operands():
            if (kind, address) not in names:
                names[kind, address] = next(number for number in range(64) if number not in used[kind])
                used[kind].add(names[kind, address])
    return Program(*(tuple(_renamed(each, names) for each in component) for component in program))


def _renamed(instruction: Instruction, names: dict[Cell, int]) -> Instruction:
    in1, in2 = (*(names[cell] for cell in instruction.inputs()), 0, 0)[:2]
    out = next((names[cell] for cell in instruction.outputs()), 0)
    return replace(instruction, in1=in1, in2=in2, out=out)
