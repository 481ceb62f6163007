"""Differences: what is kept and removed is the program before, what is kept and added the one after."""

from __future__ import annotations

import pytest
from hypothesis import given
from support.programs.strategies import programs

from automl_zero.analysis.readable.diff import DiffLine, Mark, program_diff, simplification_diff
from automl_zero.analysis.simplify.simplify import simplify
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import Program
from automl_zero.program.text import from_text, to_text


def text_of(lines: tuple[DiffLine, ...], mark: Mark) -> str:
    return "\n".join(each.text for each in lines if each.mark in (Mark.KEPT, mark))


@given(programs(max_size=6), programs(max_size=6))
def test_both_programs_can_be_read_off_their_difference(before: Program, after: Program) -> None:
    lines = program_diff(before, after)
    assert from_text(text_of(lines, Mark.REMOVED)) == before
    assert from_text(text_of(lines, Mark.ADDED)) == after


@given(programs(max_size=6))
def test_equal_programs_keep_every_line(program: Program) -> None:
    assert {each.mark for each in program_diff(program, program)} == {Mark.KEPT}


def test_only_the_lines_that_differ_are_marked() -> None:
    linear, affine = library_program("linear_regression"), library_program("affine_regression")
    changed = [
        (each.mark.value, each.text.strip()) for each in program_diff(linear, affine) if each.mark is not Mark.KEPT
    ]
    assert changed == [("+", "s1 = s1 + s4"), ("+", "s4 = s4 + s3")]


@pytest.mark.parametrize("name", LIBRARY)
def test_the_difference_holds_the_raw_program_and_what_became_of_it(name: str) -> None:
    simplified = simplify(library_program(name), LIBRARY[name].multiclass)
    lines = simplification_diff(simplified)
    raw = "".join(f"{each.text}\n" for each in lines if each.mark is not Mark.ADDED)
    assert raw == to_text(simplified.raw)
    kept = from_text("".join(f"{each.text}\n" for each in lines if each.mark is not Mark.REMOVED))
    assert simplify(kept, LIBRARY[name].multiclass).program == simplified.program
    assert all(bool(each.why) == (each.mark is not Mark.KEPT) for each in lines)
