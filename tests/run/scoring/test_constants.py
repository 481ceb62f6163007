from __future__ import annotations

import math

import pytest
from hypothesis import given
from support.programs.strategies import programs

from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.program.text import from_text, to_text
from automl_zero.run.scoring.constants import constants_of, with_values

TEXT = """def Setup():
  s2 = -0.5
  s3 = 0.0
  s4 = 7.0
  v1[0.5] = 3.0
  m0 = gaussian(0.0, 0.1, (n_features, n_features))
def Predict():
  v2 = dot(m0, v0)
  s1 = dot(v1, v2)
  s1 = s1 * s2
  s1 = s1 + s3
def Learn():
"""


def test_constants_that_a_factor_can_change_are_found() -> None:
    found = constants_of(from_text(TEXT))
    assert [(each.line, each.name, each.value) for each in found] == [
        (("setup", 0), "value", -0.5),
        (("setup", 3), "value", 3.0),  # neither its index, nor the 0 before, nor the line that is not live
        (("setup", 4), "std", 0.1),
    ]


def test_the_best_program_of_the_paper_has_three_as_the_paper_says() -> None:
    assert [each.value for each in constants_of(library_program("figure_6"))] == [0.0018, 0.0024, 0.67]


def test_other_values_are_put_where_the_constants_are() -> None:
    program = from_text(TEXT)
    first, second, _ = constants_of(program)
    changed = to_text(with_values(program, {first: 2.0, second: -4.0}))
    assert changed == TEXT.replace("-0.5", "2.0").replace("= 3.0", "= -4.0")


def test_both_constants_of_a_line_can_be_changed() -> None:
    program = from_text("def Setup():\n s1 = uniform(1, 2)\ndef Predict():\ndef Learn():\n")
    low, high = constants_of(program)
    assert with_values(program, {low: 3.0, high: 4.0}).setup[0].data == (3.0, 4.0)


@given(programs())
def test_constants_put_back_give_the_same_program(program: Program) -> None:
    found = constants_of(program)
    assert with_values(program, {each: each.value for each in found}) == program
    assert all(each.value and math.isfinite(each.value) for each in found)


@pytest.mark.parametrize("multiclass", [False, True])
def test_what_is_live_depends_on_where_the_prediction_is(multiclass: bool) -> None:
    program = from_text("def Setup():\ndef Predict():\n s1 = 2.0\n v2[0.0] = 3.0\ndef Learn():\n")
    assert [each.value for each in constants_of(program, multiclass)] == [3.0 if multiclass else 2.0]
