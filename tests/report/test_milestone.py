"""Milestones tell what is new: lines, and techniques that none before had."""

from __future__ import annotations

from itertools import pairwise

from support.runs.small_config import small_config

from automl_zero.program.library import library_program
from automl_zero.program.text import to_text
from automl_zero.report.milestone import CodeLine, Milestone, annotated_milestones
from automl_zero.report.run_history import RunHistory
from automl_zero.run.record.events import Improvement

SETUP = "def Setup():\n  s2 = 0.5\n"
ONE = f"{SETUP}def Predict():\n  s1 = s2 * s2\ndef Learn():\n"
OTHER = f"{SETUP}def Predict():\n  s1 = dot(v0, v0)\n  s1 = s1 * s2\ndef Learn():\n"


def milestones_of(*programs: str, count: int = 10) -> list[Milestone]:
    history = RunHistory(small_config())
    for number, program in enumerate(programs, 1):
        step = {"experiment_programs": number, "fitness": number**2 / 100, "program": program}
        history.update(Improvement(seconds=1.0, experiment=0, is_best=True, **step))  # type: ignore[arg-type]
    return annotated_milestones(history, count)


def test_lines_are_new_that_the_milestone_before_lacks_and_headers_never_are() -> None:
    one, other = milestones_of(ONE, OTHER)
    assert [line.text for line in one.lines if line.is_new] == ["  s2 = 0.5", "  s1 = s2 * s2"]
    assert other == Milestone(
        programs=2,
        fitness=0.04,
        techniques=other.techniques,
        lines=(
            CodeLine("def Setup():", is_new=False),
            CodeLine("  s2 = 0.5", is_new=False),
            CodeLine("def Predict():", is_new=False),
            CodeLine("  s1 = dot(v0, v0)", is_new=True),
            CodeLine("  s1 = s1 * s2", is_new=True),
            CodeLine("def Learn():", is_new=False),
        ),
    )
    assert other.code == OTHER


def test_techniques_are_named_at_the_first_milestone_that_has_them() -> None:
    linear, net = (to_text(library_program(name)) for name in ("linear_regression", "two_layer_net"))
    first, second, third = milestones_of(linear, linear, net)
    assert "linear model" in first.techniques
    assert second.techniques == ()
    assert "two-layer net" in third.techniques
    assert not set(first.techniques) & set(third.techniques)


def test_of_many_improvements_the_largest_steps_are_milestones_in_their_order() -> None:
    shown = milestones_of(*[ONE, OTHER] * 10, count=4)
    assert [each.programs for each in shown] == [1, 18, 19, 20]
    assert all(one.programs < other.programs for one, other in pairwise(shown))
