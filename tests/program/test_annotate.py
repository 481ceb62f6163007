from __future__ import annotations

from hypothesis import given, settings
from support.programs.strategies import programs

from automl_zero.program.annotate import annotated_text, short_text
from automl_zero.program.ops import op_number
from automl_zero.program.program import AddressCounts, Instruction, Program
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text, to_text

SMALL = AddressCounts(4, 3, 2)


@settings(deadline=None)
@given(programs(max_size=4, memory=SMALL))
def test_annotated_text_reads_back_exactly(program: Program) -> None:
    assert from_text(annotated_text(program)) == program


@settings(deadline=None)
@given(programs(max_size=4, memory=SMALL))
def test_what_is_not_marked_is_the_pruned_program(program: Program) -> None:
    lines = annotated_text(program).splitlines()
    assert "".join(f"{line}\n" for line in lines if "# no effect" not in line) == to_text(prune(program))


@settings(deadline=None)
@given(programs(max_size=4, memory=SMALL))
def test_short_text_has_a_line_for_every_instruction_that_matters(program: Program) -> None:
    assert len(short_text(program).splitlines()) == 3 + len(prune(program))


def test_short_text_rounds_constants_and_names_the_size_f() -> None:
    program = Program(
        setup=(
            Instruction(op_number("vector_gaussian_set"), out=1, data=(0.123456, 1234567.0)),
            Instruction(op_number("vector_const_set"), out=1, data=(0.99999, 1.0)),
        ),
        predict=(Instruction(op_number("vector_inner_product"), in1=1, in2=0, out=1),),
    )
    assert short_text(program) == (
        "def Setup():\n  v1 = gaussian(0.1235, 1235000.0, F)\n  v1[0.99999] = 1.0\n"
        "def Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n"
    )
