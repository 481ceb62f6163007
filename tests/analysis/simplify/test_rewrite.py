"""A line is bypassed only where every reader finds its value elsewhere."""

from __future__ import annotations

from support.programs.small_programs import program_of, short_predict

from automl_zero.analysis.simplify.rewrite import canonical
from automl_zero.analysis.simplify.simplify import simplify
from automl_zero.program.text import to_text


def test_the_canonical_form_knows_neither_addresses_nor_the_order_of_operands() -> None:
    one = program_of("v3 = v0 + v2; s1 = dot(v2, v3)")
    other = program_of("v2 = v5 + v0; s1 = dot(v2, v5)")
    assert canonical(one) == canonical(other)
    assert to_text(canonical(one)) == "def Setup():\ndef Predict():\n  v2 = v0 + v1\n  s1 = dot(v1, v2)\ndef Learn():\n"


def test_where_a_value_is_overwritten_its_line_writes_elsewhere_or_nothing_is_done() -> None:
    moved = short_predict("s2 = norm(v0); s3 = abs(s2); s2 = std(v0); s1 = s3 + s2")
    assert moved == ["s2 = norm(v0)", "s3 = std(v0)", "s1 = s2 + s3"]
    predict = "s2 = norm(v0); s3 = abs(s2); s4 = s2 + s3; s2 = std(v0); s5 = s3 + s2; s1 = s4 * s5"
    assert len(short_predict(predict)) == 6


def test_what_predict_copies_for_learn_is_read_where_it_was() -> None:
    short = simplify(program_of("v2 = maximum(v1, v1); s1 = dot(v0, v2)", learn="v3 = s0 * v0; v1 = v2 + v3")).program
    assert to_text(short).splitlines()[2:] == ["  s1 = dot(v0, v1)", "def Learn():", "  v2 = s0 * v0", "  v1 = v1 + v2"]
    given_again = program_of("v3 = maximum(v0, v0); v1 = abs(v3); s1 = dot(v1, v2)", learn="v2 = v3 + v2")
    assert len(simplify(given_again).program) == 4
