from __future__ import annotations

import json
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from support.data.stand_in import stand_in
from support.runs.small_config import small_config

from automl_zero.config import ConfigError, load_config, preset_names
from automl_zero.config.task_kind_facts import KINDS
from automl_zero.program.library import library_program
from automl_zero.program.program import ProgramError
from automl_zero.program.text import to_text
from automl_zero.run.scoring.evaluate import choose_tasks, evaluate_programs
from automl_zero.tasks import image_tasks
from automl_zero.tasks.npz_tasks import save_npz
from automl_zero.tasks.task import TaskError, TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.execute import evaluate
from automl_zero.vm.fitness import combine


@pytest.fixture(scope="module")
def tasks() -> TaskSet:
    return build_tasks(small_config().tasks, Stage.SELECT, 0)


def test_every_program_and_task_is_reported_with_these_keys(tasks: TaskSet) -> None:
    results = evaluate_programs(["linear_regression", "two_layer_net"], tasks, "float64", 100.0)
    assert list(results) == ["programs"]
    assert [each["program"] for each in results["programs"]] == ["linear_regression", "two_layer_net"]
    for program in results["programs"]:
        assert list(program) == ["program", "mean_fitness", "median_fitness", "tasks"]
        assert [task["task"] for task in program["tasks"]] == list(range(10))
        for task in program["tasks"]:
            assert list(task) == ["task", "fitness", "error", "stopped_early", "train_steps", "first_predictions"]
            assert len(task["first_predictions"]) == 5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_are_those_of_the_engine(dtype: str, tasks: TaskSet) -> None:
    (program,) = evaluate_programs(["linear_regression"], tasks, dtype, 100.0)["programs"]
    expected = evaluate(library_program("linear_regression"), tasks, dtype=dtype)
    for task, result in zip(program["tasks"], expected, strict=True):
        assert (task["fitness"], task["error"], task["train_steps"]) == (result.fitness, result.error, 20)
        assert tuple(task["first_predictions"]) == result.first_predictions
    for how in ("mean", "median"):
        assert program[f"{how}_fitness"] == combine([each.fitness for each in expected], how)


def test_a_task_that_stopped_early_has_no_error_and_no_predictions(tasks: TaskSet) -> None:
    (program,) = evaluate_programs(["linear_regression"], tasks, "float64", 1e-9)["programs"]
    assert {(task["fitness"], task["error"], task["stopped_early"]) for task in program["tasks"]} == {(0.0, None, True)}
    assert all(task["first_predictions"] == [] for task in program["tasks"])


def test_infinite_values_are_null(tmp_path: Path, tasks: TaskSet) -> None:
    path = tmp_path / "huge.txt"
    path.write_text("def Setup():\n  s2 = 1e300\ndef Predict():\n  s1 = s2 * s2\ndef Learn():\n")
    results = evaluate_programs([str(path)], tasks, "float64", inf)
    assert json.dumps(results, allow_nan=False)
    assert results["programs"][0]["tasks"][0]["first_predictions"] == [None] * 5
    assert results["programs"][0]["tasks"][0]["error"] is None


def test_the_same_program_may_be_given_twice_and_as_a_file(tmp_path: Path, tasks: TaskSet) -> None:
    path = tmp_path / "program.txt"
    path.write_text(to_text(library_program("figure_5")))
    names = ["figure_5", str(path), "figure_5"]
    results = evaluate_programs(names, tasks, "float64", 100.0)["programs"]
    assert [each.pop("program") for each in results] == names
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("limit", [0.0, -1.0, nan])
def test_the_largest_error_must_be_above_zero(limit: float, tasks: TaskSet) -> None:
    with pytest.raises(ConfigError, match=r"max_abs_error = .* is not possible: use a number above 0"):
        evaluate_programs(["linear_regression"], tasks, "float64", limit)


def test_an_unknown_program_is_named(tasks: TaskSet) -> None:
    with pytest.raises(ProgramError, match="no library program, file or run folder 'nonsense'"):
        evaluate_programs(["linear_regression", "nonsense"], tasks, "float64", 100.0)


@pytest.mark.parametrize("name", [name for name in preset_names() if name != "table"])  # which needs a file
def test_a_preset_is_a_suite_of_its_tasks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_tasks, "load_dataset", stand_in)
    expected = build_tasks(load_config(name).tasks, Stage.SELECT, 3)
    assert np.array_equal(choose_tasks(name, None, "select", 3).train_x, expected.train_x)


@pytest.mark.parametrize("name", [kind for kind in KINDS if kind != "table"])  # which needs a file
@pytest.mark.parametrize("stage", Stage)
def test_a_kind_of_tasks_is_a_suite_at_every_stage(name: str, stage: Stage) -> None:
    kind = load_config(name).tasks.kind if name in preset_names() else name
    assert choose_tasks(name, None, stage.value, 3).name.startswith(f"{kind} F=")


def test_a_file_is_a_task_set(tmp_path: Path, tasks: TaskSet) -> None:
    save_npz(tasks, tmp_path / "tasks.npz")
    assert np.array_equal(choose_tasks(None, tmp_path / "tasks.npz", "select", 0).train_x, tasks.train_x)


@pytest.mark.parametrize(("suite", "data"), [(None, None), ("linear", Path("tasks.npz"))])
def test_exactly_one_source_of_tasks_is_needed(suite: str | None, data: Path | None) -> None:
    with pytest.raises(ConfigError, match="either --suite NAME or --data FILE"):
        choose_tasks(suite, data, "select", 0)


def test_unknown_suites_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no suite 'nonsense': use a preset .*linear.* a kind .*image-pairs"):
        choose_tasks("nonsense", None, "select", 0)
    with pytest.raises(TaskError, match=r"tasks\.npz"):
        choose_tasks(None, tmp_path / "tasks.npz", "select", 0)
