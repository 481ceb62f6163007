"""Instructions, programs and the memory they need."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from support.programs.strategies import programs

from automl_zero.program.ops import BY_NAME, op_number
from automl_zero.program.program import AddressCounts, Instruction, Program, ProgramError

DOT = BY_NAME["vector_inner_product"].number
SET_SCALAR = BY_NAME["scalar_const_set"].number
SET_VECTOR = BY_NAME["vector_const_set"].number
SET_MATRIX = BY_NAME["matrix_const_set"].number


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"op": 65}, "op 65 does not exist: use a number from 0 to 64"),
        ({"op": -1}, "op -1 does not exist"),
        ({"op": DOT, "in2": 64}, "address v64 of vector_inner_product is not in 0..63"),
        ({"op": DOT, "out": -1}, "address s-1"),
        ({"op": DOT, "data": (1.0,)}, "vector_inner_product takes 0 constants"),
        ({"op": SET_SCALAR}, "scalar_const_set takes 1 constants"),
        ({"op": SET_SCALAR, "data": (nan,)}, "constant value of scalar_const_set is nan"),
        ({"op": SET_VECTOR, "data": (1.0, 0.0)}, "constant index of vector_const_set is 1.0: write a fraction"),
        ({"op": SET_MATRIX, "data": (0.0, -0.1, 0.0)}, "constant column of matrix_const_set is -0.1"),
    ],
)
def test_an_impossible_instruction_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ProgramError, match=message.replace(".", r"\.")):
        Instruction(**fields)


def test_infinite_constants_are_possible() -> None:
    assert Instruction(SET_SCALAR, out=1, data=(-inf,)).data == (-inf,)


def test_operands_are_the_inputs_and_then_the_output() -> None:
    operands = Instruction(BY_NAME["matrix_vector_product"].number, in1=1, in2=2, out=3).operands()
    assert [f"{kind.prefix}{address}" for kind, address in operands] == ["m1", "v2", "v3"]
    assert Instruction(op_number("no_op")).operands() == ()


def test_the_smallest_memory_holds_label_prediction_and_features() -> None:
    assert Program().address_counts() == AddressCounts(2, 1, 0)


@pytest.mark.parametrize("counts", [(1, 1, 0), (2, 0, 0), (2, 1, -1), (65, 1, 0), (2, 1, 65)])
def test_an_impossible_memory_is_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ProgramError, match="is not possible: use"):
        AddressCounts(*counts)


@given(programs())
def test_a_program_fits_the_memory_that_it_asks_for(program: Program) -> None:
    program.check_fits(program.address_counts())


def test_an_address_outside_the_memory_is_named_with_its_place() -> None:
    program = Program(predict=(Instruction(op_number("no_op")), Instruction(DOT, in1=3, out=1)))
    with pytest.raises(ProgramError, match="predict instruction 2 uses v3, but the memory has 3 vector addresses"):
        program.check_fits(AddressCounts(2, 3, 0))


def test_a_component_function_over_its_limit_is_named() -> None:
    program = Program(learn=(Instruction(op_number("no_op")),) * 3)
    program.check_fits(AddressCounts(2, 1, 0), (0, 0, 3))
    with pytest.raises(ProgramError, match="learn has 3 instructions, but its limit is 2"):
        program.check_fits(AddressCounts(2, 1, 0), (0, 0, 2))


@given(programs())
def test_length_and_order_cover_all_component_functions(program: Program) -> None:
    assert tuple(program.instructions()) == program.setup + program.predict + program.learn
    assert len(program) == len(tuple(program.instructions()))


def test_equal_programs_have_equal_hashes() -> None:
    first, second = (Program(learn=(Instruction(SET_SCALAR, out=2, data=(0.5,)),)) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)


def test_cost_counts_setup_once_and_the_rest_for_every_example() -> None:
    program = Program(
        (Instruction(op_number("no_op")),),
        (Instruction(op_number("scalar_sum")),),
        (Instruction(op_number("scalar_diff")), Instruction(op_number("scalar_product"))),
    )
    assert program.cost(10) == 3013921 + 10 * (4703759 + 5102027 + 4418347)
