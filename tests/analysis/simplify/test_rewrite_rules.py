"""Every rule shortens a program, and none is applied where it does not hold."""

from __future__ import annotations

import pytest
from support.programs.small_programs import TASKS, program_of, short_predict

from automl_zero.analysis.simplify.rewrite_rules import REWRITE_RULES
from automl_zero.analysis.simplify.simplify import simplify
from automl_zero.vm.execute import evaluate


@pytest.mark.parametrize(
    ("rule", "predict", "expected"),
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
def test_every_rule_shortens_a_program(rule: str, predict: str, expected: list[str]) -> None:
    assert short_predict(predict) == expected
    assert rule in {step.kind for step in simplify(program_of(predict)).steps}


def test_every_rule_is_tested() -> None:
    marks = test_every_rule_shortens_a_program.pytestmark  # type: ignore[attr-defined]
    assert {case[0] for case in marks[0].args[1]} == {rule.name for rule in REWRITE_RULES}


@pytest.mark.parametrize(
    "predict",
    [
        "v1 = v0 + v2; v1 = 1 / v1; s1 = mean(v1)",  # minus zero plus zero is zero, which division distinguishes
        "s2 = mean(v0); s1 = s2 - s2",  # not zero of NaN
        "s2 = mean(v0); s1 = s2 * s3",  # nor of infinity
        "s2 = norm(v0); s1 = heaviside(s2, 1.0)",  # zero of NaN
        "s2 = norm(v0); s1 = maximum(s3, s2)",  # of NaN, zero
        "s2 = uniform(0.0, 1.0); s3 = uniform(0.0, 1.0); s1 = s2 - s3",  # two draws
        "s2 = uniform(0.5, 0.1); s3 = uniform(0.0, 1.0); s1 = s2 * s3",  # the second would be drawn as the first
    ],
)
def test_what_holds_for_most_numbers_only_is_no_rule(predict: str) -> None:
    assert len(short_predict(predict)) == len(predict.split("; "))


@pytest.mark.parametrize(
    "text",
    [
        "s2 = uniform(0.5, 0.1); s2 = gaussian(2.0, 0.0)",
        "s2 = uniform(0.1, 0.1); s3 = uniform(-0.5, 0.5); s1 = s2 * s3",
        "s3 = uniform(-0.5, 0.5); s2 = gaussian(0.1, 0.0); s1 = s2 * s3",
    ],
)
def test_noise_stays_the_same_when_a_draw_becomes_a_constant(text: str) -> None:
    given_program = program_of(f"{text}; s1 = s1 + s2")
    short = simplify(given_program).program
    assert evaluate(short, TASKS["rmse"]) == evaluate(given_program, TASKS["rmse"])
