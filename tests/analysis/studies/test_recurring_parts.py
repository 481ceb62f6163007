"""Parts that recur are found whatever their addresses and order; what is known or part of more is left out."""

from __future__ import annotations

import pytest

from automl_zero.analysis.studies.recurring_parts import recurring_parts
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.text import from_text

SETUP = "def Setup():\n v1 = gaussian(0, 1, n_features)\n s3 = 0.1\n"
SGD = "def Predict():\n s1 = dot(v0, v1)\ndef Learn():\n s2 = s0 - s1\n s2 = s3 * s2\n v2 = s2 * v0\n v1 = v1 + v2\n"
UNIT_SIZED = from_text(SETUP + SGD + " v3 = abs(v1)\n v1 = v3 / v1")
FALLING = from_text(SETUP + SGD + " v1 = minimum(v1, v2)\n v5 = v1 + v0\n v1 = minimum(v1, v5)")


def texts(*programs: object, named: object = (), **options: int) -> list[str]:
    found = [from_text(each) if isinstance(each, str) else each for each in programs]
    return [each.text for each in recurring_parts(found, [named or ()] * len(found), **options)]


def test_addresses_and_unrelated_lines_do_not_matter() -> None:
    other = from_text(
        "def Setup():\n v7 = uniform(0, 1, n_features)\n s9 = 0.2\n"
        "def Predict():\n s1 = dot(v7, v0)\n"
        "def Learn():\n s4 = s0 - s1\n s4 = s4 * s9\n v2 = v0 * v0\n v2 = s4 * v0\n v7 = v2 + v7\n"
        " v4 = abs(v7)\n v7 = v4 / v7"
    )
    found = texts(UNIT_SIZED, other)
    assert "self = abs((scalar * features) + self) / ((scalar * features) + self)" in found


def test_a_part_tells_operands_of_one_source_from_others() -> None:
    found = texts(FALLING, FALLING)
    assert "self = minimum(features + minimum(self + vector, vector), minimum(self + vector, vector))" in found
    assert "self = minimum(minimum((constant * scalar) * features, vector 1), vector 2)" in found


def test_parts_of_known_programs_and_of_known_techniques_are_left_out() -> None:
    assert texts(*(library_program(name) for name in LIBRARY if not LIBRARY[name].multiclass)) == []
    everything = [(component, index) for component in ("predict", "learn") for index in range(9)]
    assert texts(UNIT_SIZED, UNIT_SIZED, named=everything) == []


def test_operands_that_may_change_places_make_no_difference() -> None:
    one, other = (from_text(SETUP + SGD + f" v5 = v1 + v0\n v1 = minimum({each})") for each in ("v5, v1", "v1, v5"))
    assert "self = minimum(((scalar * features) + self) + features, (scalar * features) + self)" in texts(one, other)


def test_what_one_program_has_does_not_recur() -> None:
    assert texts(UNIT_SIZED, library_program("logistic_regression")) == []
    assert len(texts(UNIT_SIZED, FALLING, UNIT_SIZED, least=3)) < len(texts(UNIT_SIZED, FALLING, UNIT_SIZED))


def test_parts_come_by_frequency_and_none_lies_within_another() -> None:
    found = recurring_parts([UNIT_SIZED, FALLING, UNIT_SIZED], [(), (), ()])
    counts = [len(each.parts) for each in found]
    assert counts == sorted(counts, reverse=True)
    for one in found:
        for other in found:
            if one is not other:
                assert not all(
                    index in other.parts and set(part.lines) < set(other.parts[index].lines)
                    for index, part in one.parts.items()
                )


@pytest.mark.parametrize("name", [name for name in LIBRARY if LIBRARY[name].multiclass])
def test_programs_for_many_classes_have_parts_too(name: str) -> None:
    program = library_program(name)
    assert recurring_parts([program, program], [(), ()], multiclass=True) == ()
