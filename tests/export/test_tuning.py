"""Better constants: the score never falls, and nothing but constants changes."""

from __future__ import annotations

import numpy as np
from reference_cases import program as program_of

from automl_zero.export.tuning import with_tuned_constants
from automl_zero.program.library import library_program
from automl_zero.program.program import Program

NET = library_program("two_layer_net")


def rate(program: Program) -> float:
    return program.setup[-1].data[0]


def tuned(program: Program, trials: int = 30, is_over: bool = False) -> Program:
    rng = np.random.default_rng(0)
    return with_tuned_constants(program, lambda each: -abs(rate(each) - 0.5), trials, rng, lambda: is_over)


def test_constants_come_closer_to_what_scores_best() -> None:
    assert abs(rate(tuned(NET)) - 0.5) < 0.1


def test_only_constants_that_can_be_scaled_change() -> None:
    found = tuned(NET)
    assert [each.data[:1] for each in found.setup[:-1]] == [(0.0,), (0.0,)]
    assert (found.predict, found.learn) == (NET.predict, NET.learn)


def test_without_trials_or_time_or_constants_the_program_stays() -> None:
    assert tuned(NET, trials=0) == tuned(NET, is_over=True) == NET
    nothing = program_of(predict="s1 = norm(v0)")
    assert with_tuned_constants(nothing, lambda _: 0.0, 5, np.random.default_rng(0)) == nothing


def test_places_of_elements_are_no_constants_to_scale() -> None:
    program = program_of("v1[0.5] = 0.25")
    for seed in range(5):
        score = iter(range(100))
        found = with_tuned_constants(program, lambda _, s=score: next(s), 5, np.random.default_rng(seed))  # type: ignore[misc]
        assert found.setup[0].data[0] == 0.5
