from __future__ import annotations

import pytest
from hypothesis import given
from support.programs.strategies import programs

from automl_zero.analysis.dataflow.program_edit import instruction_at, live_lines
from automl_zero.analysis.studies.derived_constants import Use, coupled_uses
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import Program
from automl_zero.program.text import from_text, instruction_text

EXPECTED = {
    "figure_6_raw": ["m1 = s4 * m0"],
    "figure_6_pruned": ["m1 = s4 * m0"],
    "multiclass_mean_learning_rate": ["v8 = s1 * v8"],
}


def found_in(program: Program, multiclass: bool = False) -> list[str]:
    uses = coupled_uses(program, multiclass)
    return [instruction_text(instruction_at(program, each.line)) for each in uses]


@pytest.mark.parametrize("name", LIBRARY)
def test_of_the_library_three_compute_a_learning_rate_from_their_weights(name: str) -> None:
    assert found_in(library_program(name), LIBRARY[name].multiclass) == EXPECTED.get(name, [])


def learner(setup: str, rate: str, read: str = "s4") -> Program:
    """Linear regression whose learning rate is computed in some line of Learn."""
    return from_text(
        f"def Setup():\n {setup}\ndef Predict():\n s1 = dot(v1, v0)\ndef Learn():\n s3 = s0 - s1\n {rate}\n"
        f" s3 = s3 * {read}\n v2 = s3 * v0\n v1 = v1 + v2\n"
    )


@pytest.mark.parametrize(
    ("rate", "coupled"),
    [
        ("s4 = norm(v1)", True),  # of the weights
        ("s4 = dot(v1, v1)", True),
        ("s4 = norm(v3)", True),  # of what Setup drew: it depends on the number of features
        ("s4 = norm(v2)", True),  # of the last example's gradient
        ("s4 = norm(v0)", False),  # of this example: that is a normalization
        ("s4 = dot(v1, v0)", False),
        ("s4 = s2 + s2", False),  # a constant as it is
        ("s4 = sin(s4)", False),  # a schedule of its own
        ("s4 = abs(s3)", False),
    ],
)
def test_a_rate_is_coupled_if_it_is_reduced_from_what_is_not_of_this_example(rate: str, coupled: bool) -> None:
    found = found_in(learner("s2 = 0.1\n v3 = gaussian(0, 1, n_features)", rate))
    assert found == (["s3 = s3 * s4"] if coupled else [])


def test_of_a_whole_expression_only_its_end_is_told() -> None:
    program = learner("s2 = 0.1", "s4 = norm(v1)\n s4 = s4 * s2\n s5 = sin(s4)", "s5")
    assert coupled_uses(program) == (Use(("learn", 4), 1, 5),)


def test_what_has_no_effect_is_no_candidate() -> None:
    assert found_in(learner("s2 = 0.1", "s4 = norm(v1)\n v4 = s4 * v0", "s2")) == []


@given(programs())
def test_it_ends_on_every_program_and_finds_live_reads_alone(program: Program) -> None:
    for use in coupled_uses(program):
        assert use.line in live_lines(program)
        _, address = instruction_at(program, use.line).inputs()[use.operand]
        assert address == use.address
