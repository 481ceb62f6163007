"""The command ``evaluate``: scores of programs, as tables and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.runs.invocations import invoke

from automl_zero.cli.evaluate import DtypeName
from automl_zero.dtypes import DTYPES
from automl_zero.program.library import library_program
from automl_zero.program.text import to_text


@pytest.mark.usefixtures("small")
def test_the_result_evaluates_to_the_score_in_the_report() -> None:
    result = json.loads(invoke("run", "linear", "--set", "stop.max_programs=1", "--out", "run", "--json").stdout)
    arguments = ("run/best/final.txt", "--suite", "linear", "--stage", "final", "--dtype", "float32", "--json")
    (program,) = json.loads(invoke("evaluate", *arguments).stdout)["programs"]
    assert program["mean_fitness"] == result["result"]["scores"]["final"]["fitness"]


def test_evaluate_prints_a_table_for_each_program(tmp_path: Path) -> None:
    path = tmp_path / "program.txt"
    path.write_text(to_text(library_program("figure_5")))
    result = invoke("evaluate", path, "linear_regression", "--suite", "linear", "--seed", 3)
    assert result.stdout.count("first predictions") == 2
    assert f"{path}: mean fitness " in result.stdout


def test_evaluate_takes_a_file_of_tasks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sizes = {"train_x": (2, 5, 4), "train_y": (2, 5), "valid_x": (2, 3, 4), "valid_y": (2, 3)}
    arrays: dict[str, Any] = {name: rng.normal(size=size) for name, size in sizes.items()}
    np.savez(tmp_path / "tasks.npz", loss="rmse", **arrays)
    result = invoke("evaluate", "linear_regression", "--data", tmp_path / "tasks.npz", "--json")
    (program,) = json.loads(result.stdout)["programs"]
    assert [len(task["first_predictions"]) for task in program["tasks"]] == [3, 3]


def test_every_precision_can_be_chosen() -> None:
    assert [each.value for each in DtypeName] == list(DTYPES)


def test_the_precision_changes_the_rounding_only() -> None:
    single, double = (
        json.loads(invoke("evaluate", "linear_regression", "--suite", "linear", "--dtype", dtype, "--json").stdout)
        for dtype in DTYPES
    )
    fitness = [each["programs"][0]["mean_fitness"] for each in (single, double)]
    assert fitness[0] != fitness[1]
    assert fitness[0] == pytest.approx(fitness[1], abs=1e-3)
