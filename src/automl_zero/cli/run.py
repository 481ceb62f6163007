"""The command ``automl-zero run``: evolve programs, and write the run to a folder."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from automl_zero.cli.budgets import Budget, BudgetName, Effort, print_estimate, renamed_effort
from automl_zero.cli.report import add_report_page
from automl_zero.cli.support.engine_options import DEFAULT_ENGINE, Address, Engine, Workers
from automl_zero.cli.support.options import Override, Quiet, ResultAsJson, Track
from automl_zero.cli.support.printing import print_next_commands, print_run, warning_printer
from automl_zero.system.processors import number_of_workers, usable_processors

Data = typer.Option(
    metavar="TABLE",
    help="A table to learn from: CSV, Parquet or NPZ file, sklearn:NAME or openml:NAME; sizes are fitted to it.",
)
TUNING_TRIALS = 100
TuneInitial = typer.Option(
    "--tune-initial",
    help=f"First tune the constants of the initial programs, with {TUNING_TRIALS} trials on the search tasks.",
)


def run(
    config: Annotated[str, typer.Argument(metavar="PRESET|FILE", help="A preset, or a file such as config.toml.")],
    data: Annotated[str | None, Data] = None,
    target: Annotated[str | None, typer.Option(metavar="COLUMN", help="The column to predict.")] = None,
    budget: Annotated[BudgetName | None, Budget] = None,
    effort: Annotated[BudgetName | None, Effort] = None,
    overrides: Annotated[list[str] | None, Override] = None,
    tune_initial: Annotated[bool, TuneInitial] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of all random numbers.")] = None,
    engine: Engine = DEFAULT_ENGINE,
    address: Address = None,
    workers: Workers = None,
    track: Annotated[list[str] | None, Track] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; by default, runs/NAME-seed-N.")] = None,
    quiet: Quiet = False,
    as_json: ResultAsJson = False,
) -> None:
    """Evolve programs until a limit is reached. Ctrl-C ends the run early, but completely; 'resume' continues it."""
    from automl_zero.run.budget import BUDGETS, is_started, with_budget
    from automl_zero.run.record.run_folder import check_new, default_folder
    from automl_zero.run.table_config import load_config_for_table

    budget = renamed_effort(budget, effort)
    tuning = [f"program.tune_initial={TUNING_TRIALS}"] if tune_initial else []
    changes = [*tuning, *(overrides or []), *([] if seed is None else [f"seed={seed}"])]
    settings = load_config_for_table(config, data, target, changes)
    if budget:
        settings = with_budget(settings, BUDGETS[budget], usable_processors(), changes)
        if not is_started(BUDGETS[budget], changes):
            return print_estimate(settings, number_of_workers(workers), as_json)
    folder = out or default_folder(settings)
    check_new(folder)
    from automl_zero.run.engine_registry import choose_engine
    from automl_zero.run.record.hangup import outliving_terminal
    from automl_zero.run.session import run_to_folder
    from automl_zero.run.tracking.registry import new_trackers
    from automl_zero.terminal.safe_console import SafeConsole

    console = SafeConsole(stderr=as_json, quiet=quiet)
    trackers = new_trackers(track or [], folder, warning_printer(console))
    with outliving_terminal():
        with closing(choose_engine(engine, workers, address)) as chosen:
            progress, exit_code = run_to_folder(settings, folder, number_of_workers(workers), console, trackers, chosen)
        print_run(progress, folder, as_json)
        add_report_page(folder, console)
        print_next_commands(folder, console)
    raise typer.Exit(exit_code)
