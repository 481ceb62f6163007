from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from support.programs.strategies import programs

from automl_zero.program.library import library_program
from automl_zero.program.ops import Kind
from automl_zero.program.program import AddressCounts, Instruction, Program, ProgramError
from automl_zero.program.program_edit import (
    Line,
    constant_scalar,
    copy_of,
    free_scalar,
    instruction_at,
    lines_of,
    live_lines,
    rewritten,
)
from automl_zero.program.prune import prune
from automl_zero.program.text import instruction_text
from automl_zero.vm.reference import Memory, execute

NET = library_program("two_layer_net")


def test_a_line_is_named_by_its_component_function_and_its_index_there() -> None:
    assert instruction_text(instruction_at(NET, ("predict", 2))) == "v4 = maximum(v3, v5)"
    assert len(list(lines_of(NET))) == len(NET)
    assert [line for line, _ in lines_of(NET)][2:4] == [("setup", 2), ("predict", 0)]


def test_lines_are_replaced_by_any_number_of_instructions() -> None:
    one = constant_scalar(5, 2.0)
    changed = rewritten(NET, {("setup", 0): (), ("predict", 4): (one, one)})
    assert changed.setup == NET.setup[1:]
    assert changed.predict == (*NET.predict[:4], one, one)
    assert changed.learn == NET.learn


@given(programs())
def test_to_remove_what_is_not_live_is_to_prune(program: Program) -> None:
    dead = {line for line, _ in lines_of(program)} - set(live_lines(program))
    assert rewritten(program, dict.fromkeys(dead, ())) == prune(program)
    assert rewritten(program, {}) == program


@pytest.mark.parametrize("line", [("setup", 3), ("learn", -1), ("teach", 0)])
def test_a_line_that_is_not_there_is_refused(line: Line) -> None:
    with pytest.raises(ProgramError, match=f"{line[0]} has no instruction {line[1] + 1}: it has"):
        rewritten(NET, {line: ()})


@pytest.mark.parametrize("kind", Kind)
def test_a_copy_is_exact(kind: Kind) -> None:
    memory = Memory(AddressCounts(3, 3, 3), 3)
    memory[kind, 0] = np.array([np.nan, -1.5, np.inf])[0 if kind is Kind.SCALAR else slice(None)]
    execute(copy_of(kind, 0, 2), memory)
    np.testing.assert_array_equal(memory[kind, 2], memory[kind, 0])


def test_a_free_scalar_is_neither_label_nor_prediction_nor_in_use() -> None:
    assert free_scalar(Program()) == 2
    assert free_scalar(NET) == 5
    full = Program(tuple(Instruction(56, out=address, data=(1.0,)) for address in range(2, 64)))
    with pytest.raises(ProgramError, match="uses all 64 scalars"):
        free_scalar(full)
