"""Exact steps never change an evaluation; the others never cost more than they may."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.programs.strategies import programs

from automl_zero.analysis.dataflow.program_edit import lines_of
from automl_zero.analysis.simplify.rewrite import canonical
from automl_zero.analysis.simplify.rewrite_rules import REWRITE_RULES
from automl_zero.analysis.simplify.simplify import NO_EFFECT, TESTED, Simplification, simplify
from automl_zero.program.library import library_program
from automl_zero.program.ops import OPS
from automl_zero.program.program import AddressCounts, Program
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text, instruction_text, to_text
from automl_zero.run.scoring.suite import suite_config
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm import reference
from automl_zero.vm.execute import evaluate

WRITTEN_OPS = [op for op in OPS if "sin" not in op.name and "exp" not in op.name and "log" not in op.name]
NUMBERS = st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.1, -0.0, float("inf")])
SMALL = AddressCounts(4, 4, 2)
PROGRAMS = programs(max_size=8, ops=WRITTEN_OPS, memory=SMALL, constants=NUMBERS)


def tasks(loss: Loss, num_classes: int = 2) -> TaskSet:
    rng = np.random.default_rng(3)
    x, labels = rng.standard_normal((2, 12, 3)), rng.integers(num_classes, size=(2, 12)).astype(float)
    return TaskSet("small", x[:, :8], labels[:, :8], x[:, 8:], labels[:, 8:], loss, num_classes, noise_seed=7)


TASKS = {"rmse": tasks(Loss.RMSE), "binary": tasks(Loss.ACCURACY), "multiclass": tasks(Loss.ACCURACY, 3)}


def program(predict: str, learn: str = "pass", setup: str = "pass") -> Program:
    parts = (("Setup", setup), ("Predict", predict), ("Learn", learn))
    return from_text("".join(f"def {name}():\n" + body.replace("; ", "\n") + "\n" for name, body in parts))


def short_predict(predict: str, **parts: str) -> list[str]:
    return [instruction_text(each) for each in simplify(program(predict, **parts)).program.predict]


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
def test_steps_and_origins_tell_what_became_of_every_line(given_program: Program) -> None:
    short = simplify(given_program)
    raw, kept = dict(lines_of(given_program)), dict(lines_of(short.program))
    removed = Counter(step.line for step in short.steps if step.after is None)
    assert set(removed.values()) <= {1}
    assert set(removed) | set(short.origins.values()) == set(raw)
    assert set(removed).isdisjoint(short.origins.values())
    assert set(short.origins) == set(kept)


def test_the_canonical_form_knows_neither_addresses_nor_the_order_of_operands() -> None:
    one = program("v3 = v0 + v2; s1 = dot(v2, v3)")
    other = program("v2 = v5 + v0; s1 = dot(v2, v5)")
    assert canonical(one) == canonical(other)
    assert to_text(canonical(one)) == "def Setup():\ndef Predict():\n  v2 = v0 + v1\n  s1 = dot(v1, v2)\ndef Learn():\n"


@pytest.mark.parametrize(
    ("law", "predict", "expected"),
    [
        (
            "a constant",
            "s2 = 1.0; s3 = 2.0; s4 = s2 + s3; s5 = mean(v0); s1 = s4 * s5",
            ["s2 = 3.0", "s3 = mean(v0)", "s1 = s2 * s3"],
        ),
        (
            "a draw that never varies",
            "s2 = gaussian(0.0, 1.0); s3 = uniform(0.5, 0.1); s1 = s2 * s3",
            ["s2 = gaussian(0.0, 1.0)", "s3 = 0.5", "s1 = s2 * s3"],
        ),
        (
            "heaviside of zeros and ones is one",
            "s2 = mean(v0); s2 = heaviside(s2, 1.0); s1 = heaviside(s2, 1.0)",
            ["s1 = 1.0"],
        ),
        ("x * 1 = x", "s2 = 1.0; s3 = mean(v0); s1 = s3 * s2", ["s1 = mean(v0)"]),
        ("1 * x = x", "s2 = 1.0; v1 = s2 * v0; s1 = mean(v1)", ["s1 = mean(v0)"]),
        ("x / 1 = x", "s2 = 1.0; s3 = mean(v0); s1 = s3 / s2", ["s1 = mean(v0)"]),
        ("x - 0 = x", "v1 = v0 - v2; s1 = mean(v1)", ["s1 = mean(v0)"]),
        ("x + 0 = x", "v1 = v0 + v2; s1 = mean(v1)", ["s1 = mean(v0)"]),
        ("0 + x = x", "v1 = v2 + v0; s1 = mean(v1)", ["s1 = mean(v0)"]),
        ("minimum(x, x) = maximum(x, x) = x", "v1 = minimum(v0, v0); s1 = mean(v1)", ["s1 = mean(v0)"]),
        ("abs(x) = x where x is not negative", "s2 = norm(v0); s1 = abs(s2)", ["s1 = norm(v0)"]),
        (
            "heaviside(x) = x of zeros and ones",
            "v1 = heaviside(v0, 1.0); v2 = heaviside(v1, 1.0); s1 = mean(v2)",
            ["v1 = heaviside(v0, 1.0)", "s1 = mean(v1)"],
        ),
        ("maximum(x, 0) = x where x is not negative", "s2 = norm(v0); s1 = maximum(s2, s3)", ["s1 = norm(v0)"]),
        (
            "transpose(transpose(x)) = x",
            "m0 = outer(v0, v0); m1 = transpose(m0); m2 = transpose(m1); s1 = mean(m2)",
            ["m0 = outer(v0, v0)", "s1 = mean(m0)"],
        ),
        ("0 - (0 - x) = x", "v1 = v2 - v0; v1 = v2 - v1; s1 = mean(v1)", ["s1 = mean(v0)"]),
        ("computed before", "s2 = mean(v0); s3 = mean(v0); s1 = s2 * s3", ["s2 = mean(v0)", "s1 = s2 * s2"]),
    ],
)
def test_every_law_shortens_a_program(rule: str, predict: str, expected: list[str]) -> None:
    assert short_predict(predict) == expected
    assert rule in {step.kind for step in simplify(program(predict)).steps}


def test_every_law_is_tested() -> None:
    marks = test_every_law_shortens_a_program.pytestmark  # type: ignore[attr-defined]
    assert {case[0] for case in marks[0].args[1]} == {rule.name for rule in REWRITE_RULES}


@pytest.mark.parametrize(
    "predict",
    [
        "v1 = v0 + v2; v1 = 1 / v1; s1 = mean(v1)",  # minus zero plus zero is zero, which division tells
        "s2 = mean(v0); s1 = s2 - s2",  # not zero of NaN
        "s2 = mean(v0); s1 = s2 * s3",  # nor of infinity
        "s2 = norm(v0); s1 = heaviside(s2, 1.0)",  # zero of NaN
        "s2 = norm(v0); s1 = maximum(s3, s2)",  # of NaN, zero
        "s2 = uniform(0.0, 1.0); s3 = uniform(0.0, 1.0); s1 = s2 - s3",  # two draws
        "s2 = uniform(0.5, 0.1); s3 = uniform(0.0, 1.0); s1 = s2 * s3",  # the second would be drawn as the first
    ],
)
def test_what_holds_for_most_numbers_only_is_no_law(predict: str) -> None:
    assert len(short_predict(predict)) == len(predict.split("; "))


def test_where_a_value_is_overwritten_its_line_writes_elsewhere_or_nothing_is_done() -> None:
    moved = short_predict("s2 = norm(v0); s3 = abs(s2); s2 = std(v0); s1 = s3 + s2")
    assert moved == ["s2 = norm(v0)", "s3 = std(v0)", "s1 = s2 + s3"]
    predict = "s2 = norm(v0); s3 = abs(s2); s4 = s2 + s3; s2 = std(v0); s5 = s3 + s2; s1 = s4 * s5"
    assert len(short_predict(predict)) == 6


@pytest.mark.parametrize(
    "text",
    [
        "s2 = uniform(0.5, 0.1); s2 = gaussian(2.0, 0.0)",
        "s2 = uniform(0.1, 0.1); s3 = uniform(-0.5, 0.5); s1 = s2 * s3",
        "s3 = uniform(-0.5, 0.5); s2 = gaussian(0.1, 0.0); s1 = s2 * s3",
    ],
)
def test_noise_stays_the_same_when_a_draw_becomes_a_constant(text: str) -> None:
    given_program = program(f"{text}; s1 = s1 + s2")
    short = simplify(given_program).program
    assert evaluate(short, TASKS["rmse"]) == evaluate(given_program, TASKS["rmse"])


def test_what_predict_copies_for_learn_is_read_where_it_was() -> None:
    short = simplify(program("v2 = maximum(v1, v1); s1 = dot(v0, v2)", learn="v3 = s0 * v0; v1 = v2 + v3")).program
    assert to_text(short).splitlines()[2:] == ["  s1 = dot(v0, v1)", "def Learn():", "  v2 = s0 * v0", "  v1 = v1 + v2"]
    given_anew = program("v3 = maximum(v0, v0); v1 = abs(v3); s1 = dot(v1, v2)", learn="v2 = v3 + v2")
    assert len(simplify(given_anew).program) == 4


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

    raw = program("v1 = v0 + v2; s2 = mean(v1); s1 = sin(s2); s1 = cos(s1)", learn="v2 = abs(v0)")
    for tolerance, length in ((0.005, 5), (0.015, 4), (0.025, 3), (0.035, 2)):
        assert len(simplify(raw, fitness_of=fitness_of, tolerance=tolerance).program) == length
