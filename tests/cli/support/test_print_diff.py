"""How differences between programs are printed."""

from __future__ import annotations

from automl_zero.analysis.readable.diff import DiffLine, Mark
from automl_zero.cli.support.print_diff import marked_lines


def test_marks_stand_in_front_and_reasons_in_a_column_behind() -> None:
    lines = [DiffLine(Mark.KEPT, "s1 = 1"), DiffLine(Mark.REMOVED, "s2 = s1 + s3", "no effect")]
    assert marked_lines(lines).plain == "  s1 = 1\n- s2 = s1 + s3  # no effect"


def test_without_lines_there_is_no_text() -> None:
    assert marked_lines([]).plain == ""
