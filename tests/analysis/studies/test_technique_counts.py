"""A technique counts where code shows it before and after simplification, and as a gain where an interval says so."""

from __future__ import annotations

import pytest
from support.runs.small_config import small_config

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.head_to_head import TuningBudget
from automl_zero.analysis.studies.technique_counts import (
    TechniqueWorth,
    Winner,
    count_techniques,
    known_techniques,
    measure_winner,
    shown_techniques,
)
from automl_zero.analysis.techniques.registry import TECHNIQUES
from automl_zero.config import Config, ConfigError
from automl_zero.program.library import library_program
from automl_zero.program.text import from_text

DECAY = "learning rate decay"
STAGE = {"num_tasks": 8, "num_train": 200, "num_valid": 100}
BUDGET = TuningBudget(trials=6, seeds=2)


def digits() -> Config:
    return small_config(tasks={"kind": "image-groups", "num_features": 8, "select": STAGE, "final": STAGE})


def winner(name: str, gain: float | None) -> Winner:
    """A winner without decay, or with one whose gain has this lower bound."""
    worths = () if gain is None else (TechniqueWorth(DECAY, "", IntervalEstimate(gain + 0.01, gain, gain + 0.02)),)
    return Winner(name, 0.9, worths)


def test_a_rate_that_is_used_nowhere_is_no_technique_of_the_program() -> None:
    shown = {each.technique for each in shown_techniques(library_program("figure_6"))}
    assert {"bilinear interaction", "weight averaging", "gradient normalization", "noise injection"} <= shown
    dead = from_text("def Setup():\ndef Predict():\n s1 = dot(v0, v1)\ndef Learn():\n s3 = arctan(s3)")
    assert shown_techniques(dead) == ()


def test_learning_is_a_gain_and_what_changes_nothing_is_none() -> None:
    found = measure_winner("logistic", library_program("logistic_regression"), digits(), BUDGET)
    gains = {each.technique: each for each in found.worths}
    assert gains["gradient descent on logistic loss"].is_gain
    assert found.fitness is not None
    assert found.fitness > 0.6
    clipped = from_text(
        "def Setup():\n s2 = 0.1\n s8 = 1000.0\ndef Predict():\n s1 = dot(v0, v1)\n"
        "def Learn():\n s3 = s0 - s1\n s3 = minimum(s3, s8)\n s4 = s2 * s3\n v2 = s4 * v0\n v1 = v1 + v2"
    )
    (clipping,) = measure_winner("clipped", clipped, digits(), BUDGET, ["loss clipping"]).worths
    assert not clipping.is_gain


def test_a_bilinear_program_is_compared_with_the_better_of_what_is_left_and_a_linear_program() -> None:
    (worth,) = measure_winner(
        "figure 6", library_program("figure_6"), digits(), BUDGET, ["bilinear interaction"]
    ).worths
    assert worth.gain is not None
    # Without its matrix, the program guesses: half of the examples. A linear model leaves less to gain.
    assert worth.gain.value < 0.25


def test_only_techniques_that_are_asked_for_are_measured_and_others_cost_nothing() -> None:
    assert measure_winner("linear", library_program("linear_regression"), digits(), BUDGET, [DECAY]) == Winner(
        "linear", None, ()
    )
    with pytest.raises(ConfigError, match="there is no technique 'magic': use linear model"):
        known_techniques(["magic"])
    assert known_techniques([]) == tuple(TECHNIQUES)


def test_having_and_gaining_are_counted_apart_and_tested_against_the_control() -> None:
    runs = [*(winner(f"run {number}", 0.01) for number in range(5)), winner("drift", -0.001)]
    control = [winner("has it", -0.005), *(winner(f"control {number}", None) for number in range(5))]
    (count,) = count_techniques(runs, control)
    assert count.technique == DECAY
    assert (count.has.count, count.gains.count, count.has.runs) == (6, 5, 6)
    assert count.control_has is not None
    assert count.control_gains is not None
    assert (count.control_has.count, count.control_gains.count) == (1, 0)
    # Of 12 runs, 7 have it: 6 of them by chance in the first group, C(6,6) C(6,1) / C(12,7), and as few, in both tails.
    assert count.p_has == pytest.approx(2 * 6 / 792)
    assert count.p_gains == pytest.approx(2 * 6 / 792)
    assert count.gains.low == pytest.approx(0.4365, abs=1e-3)  # Wilson, of 5 of 6
    assert count.gains.high == pytest.approx(0.9699, abs=1e-3)


def test_without_a_control_nothing_is_tested() -> None:
    (count,) = count_techniques([winner("run", 0.1)])
    assert count.control_has is count.p_has is None
    assert count_techniques([Winner("run", None, ())]) == ()
