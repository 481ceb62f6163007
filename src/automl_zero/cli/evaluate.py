"""The command ``automl-zero evaluate``: the score of programs on tasks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl_zero.cli.support.choices import choice_of
from automl_zero.cli.support.options import AsJson, Seed
from automl_zero.cli.support.printing import print_program, print_table, to_json
from automl_zero.cli.support.program_options import SUITE_NAMES
from automl_zero.dtypes import DTYPES
from automl_zero.tasks.splits import Stage
from automl_zero.terminal.output import echo

COLUMNS = ("task", "fitness", "error", "stopped early", "train steps", "first predictions")

if TYPE_CHECKING:
    DtypeName = str
else:
    DtypeName = choice_of("DtypeName", DTYPES)


def evaluate(
    programs: Annotated[
        list[str], typer.Argument(metavar="PROGRAM...", help="Library names, files of program text, or run folders.")
    ],
    suite: Annotated[
        str | None, typer.Option(*SUITE_NAMES, help="Evaluate on the tasks of a preset, or on a kind of tasks.")
    ] = None,
    stage: Annotated[Stage, typer.Option(help="The stage of the suite whose tasks are used.")] = Stage.SELECT,
    seed: Seed = 0,
    data: Annotated[Path | None, typer.Option(help="Evaluate on the tasks in an NPZ file.")] = None,
    dtype: Annotated[DtypeName, typer.Option(help="Precision of the computation.")] = "float64",
    max_abs_error: Annotated[float, typer.Option(help="A task stops early if its error is above this.")] = 100.0,
    as_json: AsJson = False,
) -> None:
    """Evaluate programs on tasks."""
    from automl_zero.run.scoring.evaluate import choose_tasks, evaluate_programs

    tasks = choose_tasks(suite, data, stage.value, seed)
    results = evaluate_programs(programs, tasks, dtype, max_abs_error)
    if as_json:
        echo(to_json(results))
        return
    for result in results["programs"]:
        print_program(result["program"])
        print_table(COLUMNS, [_task_row(task) for task in result["tasks"]])
        echo(f"{result['program']}: mean fitness {result['mean_fitness']}, median {result['median_fitness']}\n")


def _task_row(task: dict[str, Any]) -> list[str]:
    return [
        str(task["task"]),
        _number(task["fitness"]),
        _number(task["error"]),
        "yes" if task["stopped_early"] else "no",
        str(task["train_steps"]),
        " ".join(_number(value) for value in task["first_predictions"]),
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"
