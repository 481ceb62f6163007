from __future__ import annotations

from itertools import pairwise
from typing import Any, TypeVar

import pytest
from support.runs.small_config import MIXED, STAGE, mixed_config, small_config
from support.runs.timeless import timeless

from automl_zero.config import Config, ConfigError
from automl_zero.program.learned_state import learned_addresses
from automl_zero.program.program import Program
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text, to_text
from automl_zero.run.experiment import search_tasks
from automl_zero.run.record.environment import machine, versions
from automl_zero.run.record.events import EpochEnd, Event, Final, Improvement, Selection, Start, Stop
from automl_zero.run.run import Run
from automl_zero.run.scoring.task_score import score_program
from automl_zero.tasks.task import TaskError
from automl_zero.tasks.task_kinds import Stage, build_tasks

Kind = TypeVar("Kind", bound=Event)
UNLIMITED: dict[str, Any] = {"max_programs": None, "max_experiments": None}


def of(kind: type[Kind], events: tuple[Event, ...]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def run(config: Config, **arguments: Any) -> tuple[Event, ...]:
    return tuple(Run(config, **arguments).iter_events())


def test_a_run_starts_and_ends_with_the_result(events: tuple[Event, ...]) -> None:
    assert [event.event for event in (events[0], *events[-2:])] == ["start", "final", "stop"]
    assert len(of(Start, events)) == len(of(Final, events)) == len(of(Stop, events)) == 1


def test_the_start_names_the_run(events: tuple[Event, ...]) -> None:
    (start,) = of(Start, events)
    assert (start.name, start.seed, start.workers) == ("small", 0, 2)
    assert start.time.endswith("+00:00")
    assert (start.machine, start.versions) == (machine(), versions())


def test_results_are_the_same_for_any_number_of_threads(two_experiments: Config, events: tuple[Event, ...]) -> None:
    assert timeless(run(two_experiments, workers=8)) == timeless(events)


def test_another_seed_gives_another_run(events: tuple[Event, ...]) -> None:
    other = run(small_config(1, stop=UNLIMITED | {"max_experiments": 2}, experiment={"max_programs": 500}))
    assert of(Final, other)[0].program != of(Final, events)[0].program


def test_epochs_count_programs_of_the_experiment_and_of_the_run(events: tuple[Event, ...]) -> None:
    first, second = ([each for each in of(EpochEnd, events) if each.experiment == number] for number in (0, 1))
    assert [each.epoch for each in first] == [each.epoch for each in second] == [1, 2, 3]
    assert [each.experiment_programs for each in first] == [210, 360, 510]
    assert [each.programs - 510 for each in second] == [each.experiment_programs for each in second]
    assert all(each.counters["programs"] == each.programs for each in first + second)
    assert all(one.train_steps < other.train_steps for one, other in pairwise(first + second))


def test_improvements_rise_within_an_experiment_and_match_its_epochs(events: tuple[Event, ...]) -> None:
    for number in (0, 1):
        improvements = [each.fitness for each in of(Improvement, events) if each.experiment == number]
        assert improvements == sorted(set(improvements))
        last = [each for each in of(EpochEnd, events) if each.experiment == number][-1]
        assert last.best_fitness == improvements[-1] == max(last.island_fitness)


def test_an_improvement_scores_what_it_says(two_experiments: Config, events: tuple[Event, ...]) -> None:
    for each in of(Improvement, events):
        tasks = search_tasks(two_experiments, each.experiment)[0]
        assert score_program(from_text(each.program), tasks, two_experiments).fitness == each.fitness


@pytest.mark.parametrize(("kind", "fitness"), [(Improvement, "fitness"), (Selection, "select_fitness")])
def test_records_are_what_is_better_than_all_before(kind: Any, fitness: str, events: tuple[Event, ...]) -> None:
    best = -1.0
    for each in of(kind, events):
        value = getattr(each, fitness)
        assert each.is_best == (value > best)
        best = max(best, value)


def test_the_best_on_select_is_the_result(events: tuple[Event, ...]) -> None:
    (final,) = of(Final, events)
    best = max(of(Selection, events), key=lambda each: each.select_fitness)
    assert (final.program, final.experiment) == (best.program, best.experiment)
    assert final.scores[Stage.SEARCH].fitness == best.search_fitness
    assert final.scores[Stage.SELECT].fitness == best.select_fitness


def test_the_result_is_scored_on_the_tasks_of_its_seed(two_experiments: Config, events: tuple[Event, ...]) -> None:
    (final,) = of(Final, events)
    program = from_text(final.program)
    for stage in (Stage.SELECT, Stage.FINAL):
        tasks = build_tasks(two_experiments.tasks, stage, two_experiments.seed)
        assert final.scores[stage] == score_program(program, tasks, two_experiments)


def test_the_result_reports_its_pruned_form_and_what_it_learns(events: tuple[Event, ...]) -> None:
    (final,) = of(Final, events)
    program = from_text(final.program)
    assert final.pruned == to_text(prune(program))
    assert final.learned == learned_addresses(program)


@pytest.mark.parametrize(
    ("key", "limit"),
    [
        ("max_programs", 200),
        ("max_train_steps", 1),
        ("max_seconds", 1e-9),
        ("target_fitness", 0.0),
        ("max_experiments", 1),
    ],
)
def test_every_limit_of_the_run_ends_it(key: str, limit: float) -> None:
    events = run(small_config(stop={**UNLIMITED, key: limit}, experiment={"max_programs": 500}))
    assert of(Stop, events)[0].reason == f"stop.{key}"
    assert of(Stop, events)[0].experiments == 1


@pytest.mark.parametrize(
    ("key", "limit"), [("max_programs", 200), ("max_train_steps", 1), ("target_fitness", 0.0), ("patience", 1)]
)
def test_every_limit_of_an_experiment_ends_it(key: str, limit: float) -> None:
    events = run(small_config(stop={"max_experiments": 2}, experiment={key: limit}))
    assert [each.limit for each in of(Selection, events)] == [f"experiment.{key}"] * 2


def test_an_experiment_without_limits_ends_with_the_run() -> None:
    events = run(small_config(stop={"max_experiments": 3}))
    assert [each.limit for each in of(Selection, events)] == ["stop.max_programs"]
    assert of(Stop, events)[0].programs == 600


def test_an_interrupted_run_ends_after_its_epoch_with_a_result() -> None:
    answers = iter([False, False, True])
    events = run(small_config(), interrupted=lambda: next(answers, True))
    assert len(of(EpochEnd, events)) == 2
    assert of(Selection, events)[0].limit == of(Stop, events)[0].reason == "interrupted"
    assert len(of(Final, events)) == 1


def test_a_run_interrupted_before_its_first_epoch_chooses_among_its_initial_programs() -> None:
    events = run(small_config(program={"initial": "empty"}), interrupted=lambda: True)
    assert of(EpochEnd, events) == []
    assert from_text(of(Final, events)[0].program) == Program()


def test_a_run_that_the_clock_ended_is_repeated_by_its_number_of_programs() -> None:
    answers = iter([False, False, True])
    config = small_config(stop=UNLIMITED | {"max_seconds": 1000})
    ended = run(config, interrupted=lambda: next(answers, True))
    again = run(small_config(stop=UNLIMITED | {"max_programs": of(Stop, ended)[0].programs}))
    assert timeless(of(Final, again)) == timeless(of(Final, ended))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"stop": {"max_programs": None}}, ConfigError),
        ({"program": {"setup_ops": ["scalar_summ"]}}, ConfigError),
        ({"program": {"initial": "empty", "min_sizes": (1, 1, 1)}}, ConfigError),
        ({"tasks": {"kind": "image-pairs", "select": STAGE | {"num_train": 10_000}}}, TaskError),
        ({"tasks": {"kind": "image-pairs", "search": STAGE | {"num_train": 10_000}}}, TaskError),
        ({"islands": {"groups": [{}, {"program": {"setup_ops": ["scalar_summ"]}}]}}, ConfigError),
        ({"islands": {"groups": [{"tasks": {"kind": "image-groups", "num_features": 8}}]}}, ConfigError),
        (
            {
                "tasks": {"kind": "image-groups"},
                "islands": {"groups": [{"tasks": {"kind": "image-pairs", "search": {"num_train": 10_000}}}]},
            },
            TaskError,
        ),
    ],
    ids=str,
)
def test_faults_of_the_config_are_found_before_the_run_begins(
    changes: dict[str, dict[str, Any]], error: type[Exception]
) -> None:
    with pytest.raises(error):
        Run(small_config(0, **changes))


@pytest.mark.parametrize("groups", [[{}], [{}, {}]], ids=str)
def test_a_run_with_empty_groups_is_one_without(groups: list[dict[str, Any]]) -> None:
    without, within = (run(small_config(islands={"groups": each})) for each in ([], groups))
    assert timeless(within) == timeless(without)


@pytest.mark.parametrize("kind", MIXED)
def test_results_with_unlike_islands_are_the_same_for_any_number_of_threads(kind: str) -> None:
    config = mixed_config(kind, stop=UNLIMITED | {"max_experiments": 2}, experiment={"max_programs": 600})
    one, two, eight = (timeless(run(config, workers=workers)) for workers in (1, 2, 8))
    assert one == two == eight


@pytest.mark.parametrize("kind", MIXED)
def test_fitness_on_search_is_that_on_the_tasks_of_the_first_group(kind: str) -> None:
    config = mixed_config(kind)
    events = run(config, workers=2)
    (final,), tasks = of(Final, events), search_tasks(config, 0)[0]
    for each in of(Improvement, events):
        assert score_program(from_text(each.program), tasks, config).fitness == each.fitness
    for each in of(EpochEnd, events):
        assert each.best_fitness == max(each.island_fitness[0], each.island_fitness[2])
    assert final.scores[Stage.SEARCH] == score_program(from_text(final.program), tasks, config)
    assert final.scores[Stage.SEARCH].fitness == of(Selection, events)[-1].search_fitness


def test_an_op_that_a_group_cannot_have_is_reported_with_its_group() -> None:
    groups = [{}, {"program": {"learn_ops": ["scalar_summ"]}}]
    with pytest.raises(ConfigError, match=r"^islands\.groups\.1: program\.learn_ops: unknown op 'scalar_summ'"):
        Run(small_config(islands={"groups": groups}))
