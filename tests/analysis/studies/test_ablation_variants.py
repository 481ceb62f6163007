from __future__ import annotations

import pytest
from hypothesis import given
from support.programs.strategies import programs

from automl_zero.analysis.studies.ablation_variants import group_variants, line_variants
from automl_zero.program.library import library_program
from automl_zero.program.program import Program, ProgramError
from automl_zero.program.program_edit import Line, constant_scalar, lines_of, live_lines
from automl_zero.program.text import instruction_text

FIGURE_6 = library_program("figure_6")


@pytest.mark.parametrize(
    ("line", "remains", "note"),
    [
        (("predict", 0), ["v2 = minimum(v0, v0)"], "v2 = v0"),  # of v2 = v0 + v1
        (("predict", 4), ["m0 = minimum(m2, m2)"], "m0 = m2"),  # of m0 = s2 * m2
        (("learn", 2), ["s2 = 1.0"], "s2 = 1.0"),  # of s2 = norm(m0)
        (("learn", 3), ["s5 = minimum(s3, s3)"], "s5 = s3"),  # of s5 = s3 / s2
        (("learn", 6), [], "without m1 = m1 + m0"),
        (("learn", 5), [], "without m0 = outer(v5, v2)"),
        (("learn", 9), [], "without v1 = uniform(0.0024, 0.67, n_features)"),
        (("setup", 0), [], "without s4 = 0.0018"),
    ],
)
def test_what_remains_of_a_line(line: Line, remains: list[str], note: str) -> None:
    (found,) = [each for each in line_variants(FIGURE_6) if each.name.startswith(f"{line[0]} {line[1] + 1}: ")]
    before = [instruction_text(each) for at, each in lines_of(FIGURE_6) if at[0] == line[0]]
    after = [instruction_text(each) for at, each in lines_of(found.program) if at[0] == line[0]]
    assert after == [*before[: line[1]], *remains, *before[line[1] + 1 :]]
    assert found.note == note


@given(programs())
def test_every_live_line_is_knocked_out_once_and_under_a_name_of_its_own(program: Program) -> None:
    found = line_variants(program)
    assert len({each.name for each in found}) == len(found) == len(live_lines(program))
    assert all(len(program) - 1 <= len(each.program) <= len(program) for each in found)


def test_a_group_of_lines_is_knocked_out_together() -> None:
    group = [("learn", 2), ("learn", 3)]
    (found,) = group_variants(FIGURE_6, {"normalized": group})
    assert found.name == "normalized"
    assert found.program.learn[2] == constant_scalar(2, 1.0)
    assert found.note == "s2 = 1.0; s5 = s3"


def test_a_group_may_come_as_any_iterable() -> None:
    (found,) = group_variants(FIGURE_6, {"noise": iter([("learn", 9)])})
    assert len(found.program) == len(FIGURE_6) - 1
    assert found.note.startswith("without v1")


def test_a_line_that_is_not_there_is_refused() -> None:
    with pytest.raises(ProgramError, match="learn has no instruction 11: it has 10"):
        group_variants(FIGURE_6, {"noise": [("learn", 10)]})
