from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.runs.small_config import small_config

from automl_zero.config import ConfigError
from automl_zero.program.library import library_program
from automl_zero.program.program import Program, ProgramError
from automl_zero.run.experiment import search_tasks
from automl_zero.run.initial_programs import initial_programs, tuned_programs
from automl_zero.run.record.program_lookup import load_program
from automl_zero.run.run import Run
from automl_zero.run.scoring.task_score import score_program
from automl_zero.vm.stop_flag import StopFlag, Stopped

FITTING = "def Setup():\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n"


def test_empty_is_the_empty_program_and_random_is_none() -> None:
    assert initial_programs(small_config(program={"initial": "empty"})) == [Program()]
    assert initial_programs(small_config(program={"initial": "random"})) is None


def test_a_search_can_begin_with_a_file_or_a_library_program(tmp_path: Path) -> None:
    path = tmp_path / "program.txt"
    path.write_text(FITTING)
    assert initial_programs(small_config(program={"initial": str(path)})) == [load_program(str(path))]
    large = small_config(program={"initial": "linear_regression"}, memory={"scalars": 8, "vectors": 8})
    assert initial_programs(large) == [library_program("linear_regression")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"program": {"initial": "figure_6"}}, "program.initial = 'figure_6': .* addresses: raise the count"),
        (
            {"program": {"initial": "linear_regression", "max_sizes": (4, 3, 2)}},
            "program.initial = 'linear_regression': learn has 4 instructions, but its limit is 2",
        ),
    ],
    ids=["memory", "sizes"],
)
def test_a_program_that_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        initial_programs(small_config(**changes))


def test_a_program_below_the_least_sizes_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'empty' has 0 instructions in predict, but program.min_sizes asks for 2"):
        initial_programs(small_config(program={"initial": "empty", "min_sizes": (0, 2, 0)}))


LARGE = {"scalars": 8, "vectors": 8}


def test_a_search_can_begin_with_several_programs(tmp_path: Path) -> None:
    path = tmp_path / "program.txt"
    path.write_text(FITTING)
    config = small_config(program={"initial": ["linear_regression", str(path), "empty"]}, memory=LARGE)
    expected = [library_program("linear_regression"), load_program(str(path)), Program()]
    assert initial_programs(config) == expected
    population = Run(config).pool.active[0].archipelago.islands.all[0].state.population
    assert len(set(population.fitness)) == 2  # the empty program and the one without Learn predict zero


@pytest.mark.parametrize("initial", [[], ["random"], ["linear_regression", "random"], [3], ["empty", "a\x1b[2J"]])
def test_a_list_is_of_programs(initial: list[Any]) -> None:
    with pytest.raises(ConfigError, match=r"program.initial|'random' in a list: use it alone|is not plain text"):
        small_config(program={"initial": initial})


def test_tuned_programs_do_better_on_the_search_tasks_and_are_the_same_for_any_number_of_threads() -> None:
    config = small_config(program={"initial": "linear_regression", "tune_initial": 30}, memory=LARGE)
    given = initial_programs(config) or []
    tasks = search_tasks(config, 0)[0]
    (tuned,) = tuned_programs(given, config)
    assert score_program(tuned, tasks, config).fitness > score_program(given[0], tasks, config).fitness + 0.01
    factor = abs(tuned.setup[0].data[0] / given[0].setup[0].data[0])
    assert 0.1 <= factor <= 10
    assert factor != 1
    assert tuned_programs(given, config) == [tuned]
    assert tuned_programs(given, small_config(program={"initial": "linear_regression"}, memory=LARGE)) == given
    archipelago = Run(config).pool.active[0].archipelago
    assert archipelago.islands.all[0].best == tuned


def test_a_tuning_that_is_stopped_gives_no_programs() -> None:
    config = small_config(program={"initial": "linear_regression", "tune_initial": 30}, memory=LARGE)
    stop = StopFlag()
    stop.set()
    with pytest.raises(Stopped):
        tuned_programs(initial_programs(config) or [], config, stop)
