"""The command ``automl-zero``.

What takes long to load is loaded inside the commands that need it, so that ``--help`` is there at once. A fault in the
input ends with one message that names it and with exit code 2, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from automl_zero import __version__
from automl_zero.cli.ablate import ablate
from automl_zero.cli.analyze import analyze
from automl_zero.cli.budgets import Budget, BudgetName, budgets, tell_cost
from automl_zero.cli.compare import compare
from automl_zero.cli.dashboard import dashboard
from automl_zero.cli.data import data
from automl_zero.cli.export import export
from automl_zero.cli.lineage import lineage
from automl_zero.cli.report import report, try_write_page
from automl_zero.cli.resume import resume
from automl_zero.cli.support.ctrl_c import answering
from automl_zero.cli.support.engine_options import DEFAULT_ENGINE, Address, Engine, Workers
from automl_zero.cli.support.plain_warnings import plain_warnings
from automl_zero.cli.support.printing import (
    AsJson,
    Override,
    Seed,
    Track,
    print_rows,
    print_run,
    print_table,
    remind_of,
    suggest,
    to_json,
    warning,
)
from automl_zero.cli.support.program_options import SUITE_NAMES
from automl_zero.cli.tasks import tasks
from automl_zero.cli.transfer import transfer
from automl_zero.cli.tune import tune
from automl_zero.system.processors import number_of_workers, usable_processors
from automl_zero.terminal.output import echo, guard, unwritten
from automl_zero.terminal.printable import printable

BAD_INPUT, NOT_WRITTEN = 2, 1  # exit codes
INTERRUPTED = 130  # by Ctrl-C


class Precision(StrEnum):
    """The numbers to compute with."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"


class StageName(StrEnum):
    """The names of ``tasks.splits.Stage``, which takes longer to load."""

    SEARCH = "search"
    SELECT = "select"
    FINAL = "final"


class Commands(TyperGroup):
    """Commands that tell an expected error in one message."""

    def make_context(self, *arguments: Any, **more: Any) -> Any:
        """Read the options of the command itself."""
        with _cleaned_usage():
            return super().make_context(*arguments, **more)

    def invoke(self, ctx: Any) -> Any:
        """Do what the command line says."""
        try:
            with plain_warnings(), _cleaned_usage():
                super().invoke(ctx)
        except (ValueError, OSError) as error:
            if not _is_expected(error):
                raise
            echo(f"error: {error}", err=True)
            raise typer.Exit(getattr(error, "exit_code", BAD_INPUT)) from None
        except KeyboardInterrupt as error:
            echo(str(error) or "interrupted", err=True)
            raise typer.Exit(getattr(error, "exit_code", INTERRUPTED)) from None
        except MemoryError as error:
            remedy = "make the population, the caches or the tasks smaller"
            echo(f"error: the memory does not suffice ({error}): {remedy}", err=True)
            raise typer.Exit(BAD_INPUT) from None
        if reason := unwritten():  # a run ends by Exit: whatever becomes of the output, the run is in its folder
            echo(f"error: the output could not be written ({reason}): write it somewhere else", err=True)
            raise typer.Exit(NOT_WRITTEN)


class Command(typer.Typer):
    """The command as a process of its own, whose standard streams are guarded."""

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        """Do what the command line says, and end the process."""
        guard()
        with answering():
            return super().__call__(*arguments, **more)


@contextmanager
def _cleaned_usage() -> Iterator[None]:
    """Clean what Typer says of a command line: a pattern of the shell may have put a stranger's file name into it."""
    try:
        yield
    except Exception as error:
        told = getattr(error, "format_message", None)
        if told is not None:
            vars(error)["format_message"] = partial(printable, told())
        raise


def _is_expected(error: Exception) -> bool:
    from automl_zero.config import ConfigError
    from automl_zero.program.program import ProgramError
    from automl_zero.run.record.run_folder import StoreError
    from automl_zero.tasks.task import TaskError

    return isinstance(error, ConfigError | ProgramError | StoreError | TaskError)


def _print_version(wanted: bool) -> None:
    if wanted:
        echo(f"automl-zero {__version__}")
        raise typer.Exit


main = Command(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Version = Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")]
Data = typer.Option(
    metavar="TABLE",
    help="A table to learn from: CSV, Parquet or NPZ file, sklearn:NAME or openml:NAME; sizes then fit it.",
)


@main.callback()
def _automl_zero(version: Version = False) -> None:
    """Evolve complete machine-learning algorithms from empty programs."""


def run(
    config: Annotated[str, typer.Argument(metavar="PRESET|FILE", help="A preset, or a file such as config.toml.")],
    data: Annotated[str | None, Data] = None,
    target: Annotated[str | None, typer.Option(metavar="COLUMN", help="The column to predict.")] = None,
    budget: Annotated[BudgetName | None, Budget] = None,
    overrides: Annotated[list[str] | None, Override] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    engine: Engine = DEFAULT_ENGINE,
    address: Address = None,
    workers: Workers = None,
    track: Annotated[list[str] | None, Track] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; by default, runs/NAME-seed-N.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show nothing but the report at the end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON, all else to stderr.")] = False,
) -> None:
    """Evolve programs until a limit is reached. Ctrl-C ends the run early, but completely; 'resume' goes on with it."""
    from automl_zero.run.budget import BUDGETS, is_started, with_budget
    from automl_zero.run.record.run_folder import check_new, default_folder
    from automl_zero.run.table_config import load_config_for_table

    changes = [*(overrides or []), *([] if seed is None else [f"seed={seed}"])]
    settings = load_config_for_table(config, data, target, changes)
    if budget:
        settings = with_budget(settings, BUDGETS[budget], usable_processors(), changes)
        if not is_started(BUDGETS[budget], changes):
            return tell_cost(settings, number_of_workers(workers), as_json)
    folder = out or default_folder(settings)
    check_new(folder)
    from automl_zero.run.engine_registry import choose_engine
    from automl_zero.run.record.hangup import outliving_terminal
    from automl_zero.run.session import run_to_folder
    from automl_zero.run.tracking.registry import new_trackers
    from automl_zero.terminal.safe_console import SafeConsole

    console = SafeConsole(stderr=as_json, quiet=quiet)
    trackers = new_trackers(track or [], folder, warning(console))
    with outliving_terminal():
        with closing(choose_engine(engine, workers, address)) as chosen:
            progress, exit_code = run_to_folder(settings, folder, number_of_workers(workers), console, trackers, chosen)
        print_run(progress, folder, as_json)
        try_write_page(folder, console)
        suggest(folder, console)
    raise typer.Exit(exit_code)


def show(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    as_json: AsJson = False,
) -> None:
    """Show what came of a run, or how far it is."""
    from automl_zero.run.console.progress import Progress
    from automl_zero.run.record.run_folder import read_config, read_events

    progress = Progress(read_config(folder))
    for event in read_events(folder):
        progress.update(event)
    print_run(progress, folder, as_json)


def evaluate(
    programs: Annotated[
        list[str], typer.Argument(metavar="PROGRAM...", help="Library names, files of program text, or run folders.")
    ],
    suite: Annotated[
        str | None, typer.Option(*SUITE_NAMES, help="Evaluate on the tasks of a preset, or on a kind of tasks.")
    ] = None,
    stage: Annotated[StageName, typer.Option(help="Which of the suite's tasks.")] = StageName.SELECT,
    seed: Seed = 0,
    data: Annotated[Path | None, typer.Option(help="Evaluate on the tasks in an NPZ file.")] = None,
    dtype: Annotated[Precision, typer.Option(help="Numbers to compute with.")] = Precision.FLOAT64,
    max_abs_error: Annotated[float, typer.Option(help="A task stops early if its error is above this.")] = 100.0,
    as_json: AsJson = False,
) -> None:
    """Evaluate programs on tasks."""
    from automl_zero.run.scoring.evaluate import choose_tasks, evaluate_programs

    tasks = choose_tasks(suite, data, stage.value, seed)
    results = evaluate_programs(programs, tasks, dtype.value, max_abs_error)
    if as_json:
        echo(to_json(results))
        return
    for result in results["programs"]:
        remind_of(result["program"])
        rows = [_task_row(task) for task in result["tasks"]]
        print_table(("task", "fitness", "error", "stopped early", "train steps", "first predictions"), rows)
        echo(f"{result['program']}: mean fitness {result['mean_fitness']}, median {result['median_fitness']}\n")


def _task_row(task: dict[str, Any]) -> list[str]:
    predictions = " ".join(_number(value) for value in task["first_predictions"])
    stopped = "yes" if task["stopped_early"] else "no"
    return [
        str(task["task"]),
        _number(task["fitness"]),
        _number(task["error"]),
        stopped,
        str(task["train_steps"]),
        predictions,
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def ops(as_json: AsJson = False) -> None:
    """List the instruction set."""
    from automl_zero.program.ops import OPS

    names = ("number", "name", "signature", "form", "cost")
    rows = [{name: getattr(op, name) for name in names} for op in OPS]
    print_rows(names, rows, as_json)


def presets(as_json: AsJson = False) -> None:
    """List the presets, which 'run' takes."""
    from automl_zero.config import load_config, preset_names

    rows = [{"name": name, "description": load_config(name).description} for name in preset_names()]
    print_rows(("name", "description"), rows, as_json)


# What the help shows, in this order.
PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Evolve": (run, resume, compare),
    "Look": (show, report, dashboard),
    "Understand": (analyze, lineage, ablate, tune, transfer),
    "Use": (evaluate, export),
    "What there is": (presets, budgets, ops),
}
for panel, commands in PANELS.items():
    for command in commands:
        main.command(rich_help_panel=panel)(command)
main.add_typer(tasks, name="tasks", rich_help_panel="What there is")
main.add_typer(data, name="data", rich_help_panel="What there is")
