"""Exact steps never change an evaluation; the others never cost more than they may."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.programs.small_programs import TASKS, program_of
from support.programs.strategies import programs

from automl_zero.analysis.simplify.rewrite import canonical
from automl_zero.analysis.simplify.simplify import NO_EFFECT, TESTED, Simplification, simplify
from automl_zero.program.library import library_program
from automl_zero.program.ops import OPS
from automl_zero.program.program import AddressCounts, Program
from automl_zero.program.program_edit import lines_of
from automl_zero.program.prune import prune
from automl_zero.run.scoring.suite import suite_config
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm import reference
from automl_zero.vm.execute import evaluate

WRITTEN_OPS = [op for op in OPS if "sin" not in op.name and "exp" not in op.name and "log" not in op.name]
NUMBERS = st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.1, -0.0, float("inf")])
SMALL = AddressCounts(4, 4, 2)
PROGRAMS = programs(max_size=8, ops=WRITTEN_OPS, memory=SMALL, constants=NUMBERS)


@pytest.mark.parametrize("name", TASKS)
@given(given_program=PROGRAMS)
@settings(max_examples=150)
def test_exact_steps_change_no_evaluation_of_the_reference(name: str, given_program: Program) -> None:
    short = simplify(given_program, TASKS[name].is_multiclass).program
    for task in range(2):
        before, after = (reference.evaluate(each, TASKS[name], task) for each in (given_program, short))
        assert repr(after).replace("-0.0", "0.0") == repr(before).replace("-0.0", "0.0")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TASKS)
@given(given_program=PROGRAMS)
@settings(max_examples=40)
def test_exact_steps_change_no_evaluation_of_the_engine(name: str, dtype: str, given_program: Program) -> None:
    short = simplify(given_program, TASKS[name].is_multiclass).program
    before, after = (evaluate(each, TASKS[name], dtype=dtype) for each in (given_program, short))
    assert repr(after).replace("-0.0", "0.0") == repr(before).replace("-0.0", "0.0")


@given(PROGRAMS, st.booleans())
def test_what_is_simple_already_stays(given_program: Program, multiclass: bool) -> None:
    short = simplify(given_program, multiclass)
    assert len(short.program) <= len(prune(given_program, multiclass))
    assert simplify(short.program, multiclass).steps == ()
    assert canonical(short.program, multiclass) == short.program


@given(PROGRAMS)
def test_steps_and_origins_account_for_every_line(given_program: Program) -> None:
    short = simplify(given_program)
    raw, kept = dict(lines_of(given_program)), dict(lines_of(short.program))
    removed = Counter(step.line for step in short.steps if step.after is None)
    assert set(removed.values()) <= {1}
    assert set(removed) | set(short.origins.values()) == set(raw)
    assert set(removed).isdisjoint(short.origins.values())
    assert set(short.origins) == set(kept)


@pytest.fixture(scope="module")
def figure_6() -> Simplification:
    config = suite_config("digits")
    digits = build_tasks(config.tasks, Stage.SELECT, 0)

    def fitness_of(given_program: Program) -> list[float]:
        return [result.fitness for result in evaluate(given_program, digits, num_predictions=0)]

    return simplify(library_program("figure_6_raw"), fitness_of=fitness_of)


def test_exact_steps_make_the_pruned_form_of_the_supplement_from_the_raw_one() -> None:
    short = simplify(library_program("figure_6_raw"))
    assert {step.kind for step in short.steps} == {NO_EFFECT}
    assert short.program == canonical(library_program("figure_6_pruned"))


def test_of_figure_6_the_sine_alone_turns_out_to_be_needless_on_tasks(figure_6: Simplification) -> None:
    tested = [(step.line, step.before, step.after) for step in figure_6.steps if step.kind == TESTED]
    assert tested == [(("learn", 3), "s5 = sin(s4)", None), (("learn", 5), "s7 = s5 / s2", "s7 = s4 / s2")]
    assert all(step.loss is not None and step.loss <= 0.002 for step in figure_6.steps if step.kind == TESTED)


def test_no_tested_step_is_done_that_costs_more_than_the_tolerance() -> None:
    def fitness_of(given_program: Program) -> list[float]:
        return [0.01 * len(prune(given_program))]

    raw = program_of("v1 = v0 + v2; s2 = mean(v1); s1 = sin(s2); s1 = cos(s1)", learn="v2 = abs(v0)")
    for tolerance, length in ((0.005, 5), (0.015, 4), (0.025, 3), (0.035, 2)):
        assert len(simplify(raw, fitness_of=fitness_of, tolerance=tolerance).program) == length
