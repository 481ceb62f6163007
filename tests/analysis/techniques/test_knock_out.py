"""A program without a technique: the detector finds it no more, and the rest keeps working."""

from __future__ import annotations

import numpy as np
import pytest
from support.programs.programs_with_techniques import WRITTEN

from automl_zero.analysis.studies.ablation_variants import technique_variants
from automl_zero.analysis.techniques.detect import detect, technique_names
from automl_zero.analysis.techniques.knock_out import constant_operands, constant_value, mean_of_draw
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.ops import BY_NAME
from automl_zero.program.program import AddressCounts, Instruction, Program
from automl_zero.program.program_edit import rewritten
from automl_zero.program.text import from_text, instruction_text
from automl_zero.vm.reference import Memory, execute

MAY_BE_UNKNOWN = {"weight decay"}  # where the line that learns decays the weights, too

CASES = {
    **{name: (library_program(name), LIBRARY[name].multiclass) for name in LIBRARY},
    **{name: (from_text(text), False) for name, (text, _) in WRITTEN.items()},
}


@pytest.mark.parametrize("name", CASES)
def test_without_a_technique_its_detector_finds_it_no_more(name: str) -> None:
    program, multiclass = CASES[name]
    found = detect(program, multiclass)
    variants = technique_variants(program, found)
    assert {each.technique for each in found} - {each.name for each in variants} <= MAY_BE_UNKNOWN
    for variant in variants:
        assert variant.program != program
        assert variant.name not in technique_names(variant.program, multiclass)


def changes(name: str, technique: str) -> str:
    """How the knock-out of a technique changes a library program."""
    program, multiclass = CASES[name]
    found = [each for each in detect(program, multiclass) if each.technique == technique]
    (variant,) = technique_variants(program, found)
    return variant.note


def test_what_takes_the_place_of_the_four_techniques_of_figure_6() -> None:
    assert changes("figure_6", "noise injection") == "v1 = gaussian(0.3362, 0.0, n_features)"
    assert changes("figure_6", "gradient normalization") == "s2 = 1.0"
    assert changes("figure_6", "weight averaging") == "m2 = m1"
    assert changes("figure_6", "bilinear interaction") == "v4 = v2; s1 = 1.0"


def test_a_rate_that_decays_becomes_a_constant_wherever_it_is_used() -> None:
    program = from_text(
        "def Setup():\n s3 = 0.1\n"
        "def Predict():\n s1 = dot(v0, v1)\n s1 = s1 + s5\n"
        "def Learn():\n s3 = arctan(s3)\n s2 = s0 - s1\n s4 = s3 * s2\n s5 = s5 + s4\n s4 = s2 * s3\n"
        " v2 = s4 * v0\n v1 = v1 + v2"
    )
    decay = [each for each in detect(program) if each.technique == "learning rate decay"]
    (variant,) = technique_variants(program, decay)
    learn = [instruction_text(each) for each in variant.program.learn]
    assert learn[:1] == ["s3 = arctan(s3)"]
    assert learn[2].startswith("s6 = 0.09")  # the rate of the first step
    assert [learn[3], learn[5]] == ["s4 = s6 * s2", "s4 = s2 * s6"]


@pytest.mark.parametrize("op", ["vector_norm", "matrix_row_norm", "matrix_transpose"])
def test_a_constant_takes_the_place_of_a_result_of_any_kind(op: str) -> None:
    (instruction,) = constant_value(Instruction(BY_NAME[op].number, in1=0, out=1), 2.5)
    memory = Memory(AddressCounts(2, 2, 2), num_features=3)
    target = (BY_NAME[op].output, 1)
    draws = np.ones(np.shape(memory[target])) if instruction.row.draws else None
    execute(instruction, memory, draws)
    np.testing.assert_array_equal(memory[target], np.full(np.shape(memory[target]), 2.5))


@pytest.mark.parametrize(("data", "op"), [((1.0, 4.0), "vector_uniform_set"), ((2.5, 9.0), "scalar_gaussian_set")])
def test_the_mean_takes_the_place_of_a_draw(data: tuple[float, float], op: str) -> None:
    (instruction,) = mean_of_draw(Instruction(BY_NAME[op].number, out=1, data=data))
    assert instruction.out == 1
    assert instruction.data[0] == 2.5


def test_operands_that_become_a_constant_share_one() -> None:
    program = from_text("def Setup():\ndef Predict():\ndef Learn():\n s2 = s3 * s4\n s5 = s4 * s3")
    changed = rewritten(program, constant_operands(program, [(("learn", 0), 0), (("learn", 1), 1)], 0.5))
    assert [instruction_text(each) for each in changed.learn] == ["s6 = 0.5", "s2 = s6 * s4", "s5 = s4 * s6"]
    assert changed == Program(learn=changed.learn)
