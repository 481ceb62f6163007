from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from support.programs.strategies import programs
from support.runs.small_config import small_config

from automl_zero.analysis.studies.derived_constants import (
    DerivedConstant,
    find_derived_constants,
    replace_derived_constants,
    with_constant,
)
from automl_zero.config import Config
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import Program
from automl_zero.program.program_edit import instruction_at, live_lines
from automl_zero.program.text import from_text, instruction_text, to_text

EXPECTED = {
    "figure_6_raw": ["m1 = s4 * m0"],
    "figure_6_pruned": ["m1 = s4 * m0"],
    "multiclass_mean_learning_rate": ["v8 = s1 * v8"],
}


def found_in(program: Program, multiclass: bool = False) -> list[str]:
    uses = find_derived_constants(program, multiclass)
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


def test_of_a_whole_expression_only_the_end_is_found() -> None:
    program = learner("s2 = 0.1", "s4 = norm(v1)\n s4 = s4 * s2\n s5 = sin(s4)", "s5")
    assert find_derived_constants(program) == (DerivedConstant(("learn", 4), 1, 5),)


def test_what_has_no_effect_is_no_candidate() -> None:
    assert found_in(learner("s2 = 0.1", "s4 = norm(v1)\n v4 = s4 * v0", "s2")) == []


@given(programs())
def test_it_ends_on_every_program_and_finds_live_reads_alone(program: Program) -> None:
    for use in find_derived_constants(program):
        assert use.line in live_lines(program)
        _, address = instruction_at(program, use.line).inputs()[use.operand]
        assert address == use.address


SIZE = {"num_tasks": 10, "num_train": 100, "num_valid": 50}
SETUP = "def Setup():\n s2 = 0.1\n v3 = gaussian(0, 1, n_features)\n"


def learner_with_rate(rate: str) -> Program:
    return from_text(
        f"{SETUP}def Predict():\n s1 = dot(v1, v0)\ndef Learn():\n s3 = s0 - s1\n {rate}\n"
        f" s3 = s4 * s3\n v2 = s3 * v0\n v1 = v1 + v2\n"
    )


def small_tasks(**changes: Any) -> Config:
    return small_config(tasks={"select": SIZE, **changes})


def test_a_learning_rate_that_is_a_norm_gives_way_to_a_constant() -> None:
    found = replace_derived_constants(learner_with_rate("s4 = norm(v3)"), small_tasks(), 30)
    (replacement,) = found.tried
    assert (replacement.where, replacement.scalar, replacement.kept) == ("s3 = s4 * s3", "s4", True)
    assert replacement.difference.high >= 0
    assert find_derived_constants(found.program) == ()
    assert "norm" not in to_text(found.program)
    assert found.program.setup[0].data == (replacement.value,)


def test_a_bad_constant_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_zero.analysis.studies.derived_constants._typical_value", lambda *_: 1e-9)
    program = learner_with_rate("s4 = norm(v3)\n s4 = s4 * s2")
    found = replace_derived_constants(program, small_tasks(), 10)
    assert [each.kept for each in found.tried] == [False]
    assert found.tried[0].difference.high < 0
    assert "norm" in to_text(found.program)


def test_a_constant_begins_with_what_the_expression_comes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[float] = []

    def recorded(program: Program, derived: DerivedConstant, value: float) -> Program:
        begun.append(value)
        return with_constant(program, derived, value)

    monkeypatch.setattr("automl_zero.analysis.studies.derived_constants.with_constant", recorded)
    replace_derived_constants(learner_with_rate("v4 = bcast(s2)\n s4 = norm(v4)"), small_tasks(), 1)
    assert begun == pytest.approx([0.2])  # four features of 0.1


def test_what_computes_nothing_from_its_memory_is_only_tuned() -> None:
    found = replace_derived_constants(library_program("linear_regression"), small_tasks(), 5)
    assert found.tried == ()
    assert len(found.program) == 6


def test_it_is_the_same_whatever_the_number_of_threads() -> None:
    program = library_program("figure_6_pruned")
    config = small_tasks(kind="image-groups", num_features=8)
    assert replace_derived_constants(program, config, 10) == replace_derived_constants(program, config, 10, workers=3)


def test_only_the_one_read_is_changed() -> None:
    program = learner_with_rate("s4 = norm(v3)")
    (derived,) = find_derived_constants(program)
    changed = with_constant(program, derived, 0.5)
    assert to_text(changed) == to_text(program).replace("Setup():\n", "Setup():\n  s5 = 0.5\n").replace(
        "s3 = s4 * s3", "s3 = s5 * s3"
    )
