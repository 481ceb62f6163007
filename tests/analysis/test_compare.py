from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.runs.small_config import small_config

from automl_zero.analysis.compare import Attempt, attempt, parse_variant, summarize
from automl_zero.config import Config, ConfigError
from automl_zero.run.record.events import EpochEnd, Event, Selection, Stop
from automl_zero.run.run import Run

SOLVED, UNSOLVED = Attempt(True, 100, 1000, 2.0, 0.9), Attempt(False, 500, 5000, 10.0, 0.6)


def targeted(target: float | None) -> Config:
    return small_config(stop={"max_programs": 600, "target_fitness": target})


def events() -> list[Event]:
    epochs = [
        EpochEnd(
            seconds=number,
            experiment=0,
            epoch=number,
            experiment_programs=50 * number,
            programs=50 * number,
            train_steps=500 * number,
            best_fitness=0.5,
            island_fitness=(0.5,),
            counters={},
        )
        for number in (1, 2, 3, 4)
    ]
    selections = [
        Selection(
            seconds=seconds,
            experiment=number,
            experiment_programs=100,
            search_fitness=0.5,
            select_fitness=fitness,
            is_best=True,
            limit="stop.max_programs",
            program="",
        )
        for number, (seconds, fitness) in enumerate([(2.5, 0.6), (3.5, 0.8), (4.5, 0.7)])
    ]
    stop = Stop(seconds=5, reason="stop.max_programs", experiments=3, programs=200, train_steps=2000)
    return [*epochs[:2], selections[0], epochs[2], selections[1], epochs[3], selections[2], stop]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (0.6, Attempt(True, 100, 1000, 2.5, 0.6)),
        (0.8, Attempt(True, 150, 1500, 3.5, 0.8)),
        (0.9, Attempt(False, 200, 2000, 4.5, 0.8)),
        (None, Attempt(False, 200, 2000, 4.5, 0.8)),
    ],
)
def test_a_run_is_solved_when_its_target_is_reached_and_costs_what_it_took_so_far(
    target: float | None, expected: Attempt
) -> None:
    assert attempt(targeted(target), events()) == expected


def test_a_run_that_goes_on_or_was_interrupted_is_no_attempt_unless_it_is_solved() -> None:
    *before, stop = events()
    assert isinstance(stop, Stop)
    interrupted = [*before, replace(stop, reason="interrupted")]
    for unfinished in (before, interrupted):
        assert attempt(targeted(0.9), unfinished) is None
        assert attempt(targeted(0.8), unfinished) == Attempt(True, 150, 1500, 3.5, 0.8)


def test_a_real_run_is_an_attempt() -> None:
    config = small_config(stop={"max_programs": 600})
    found = attempt(config, Run(config).iter_events())
    assert found is not None
    assert not found.solved
    assert found.programs >= 600
    assert 0 < found.fitness <= 1


def test_a_summary_counts_what_was_not_solved_as_infinite() -> None:
    found = summarize("some", [SOLVED, SOLVED, SOLVED, UNSOLVED])
    assert (found.name, found.runs, found.solved) == ("some", 4, 3)
    assert found.success_rate.value == 0.75
    assert found.programs_per_solution.value == 800 / 3
    assert (found.programs.value, found.train_steps.value, found.seconds.value) == (100, 1000, 2.0)
    assert found.fitness.value == 0.9
    assert math.isinf(found.programs.high)
    assert found.programs.low == 100


def test_where_nothing_was_solved_no_median_is_made_up() -> None:
    found = summarize("none", [UNSOLVED, UNSOLVED])
    assert (found.solved, found.success_rate.high) == (0, 0)
    assert math.isinf(found.programs.low)
    assert math.isinf(found.programs_per_solution.low)
    assert found.fitness.value == 0.6


@given(st.lists(st.builds(Attempt, st.booleans(), st.integers(1, 10**9), st.just(0), st.just(0.0), st.floats(0, 1))))
def test_every_estimate_lies_within_what_was_seen_and_is_the_same_every_time(attempts: list[Attempt]) -> None:
    if not attempts:
        return
    found = summarize("some", attempts)
    assert summarize("some", attempts) == found
    fitness = [each.fitness for each in attempts]
    assert min(fitness) <= found.fitness.low <= found.fitness.high <= max(fitness)
    assert 0 <= found.success_rate.low <= found.success_rate.value <= found.success_rate.high <= 1


def test_more_runs_make_the_interval_narrower() -> None:
    few, many = (summarize("some", [SOLVED, UNSOLVED] * count).success_rate for count in (5, 100))
    assert few.high - few.low > 2 * (many.high - many.low) > 0


def test_a_variant_is_a_preset_with_overrides_of_all_and_then_its_own() -> None:
    text = "linear search.tournament_size=3 program.max_sizes='[10, 3, 9]'"
    variant = parse_variant(text, ["search.tournament_size=2", "islands.count=5"])
    assert variant.name == text
    found = variant.of_seed(7)
    assert (found.search.tournament_size, found.islands.count, found.seed) == (3, 5, 7)
    assert (found.program.max_sizes, found.baselines.names) == ((10, 3, 9), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no variant"),
        ("linear 'open", "is no variant: write a preset or file, then overrides"),
        ("nonsense", "no preset or file 'nonsense'"),
        ("linear search.tournament=3", "unknown key search.tournament"),
    ],
)
def test_what_is_no_variant_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_variant(text, [])
