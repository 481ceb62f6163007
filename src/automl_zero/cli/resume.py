"""The command ``automl-zero resume``: continue a run that was stopped, or whose limit was raised."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from automl_zero.cli.report import PAGE, add_report_page
from automl_zero.cli.support.engine_options import DEFAULT_ENGINE, Address, Engine, Workers
from automl_zero.cli.support.options import Override, Quiet, ResultAsJson, RunFolder, Track
from automl_zero.cli.support.printing import print_next_commands, print_run, warning_printer
from automl_zero.system.processors import number_of_workers


def resume(
    folder: Annotated[Path, RunFolder],
    overrides: Annotated[list[str] | None, Override] = None,
    allow_change: Annotated[
        bool, typer.Option("--allow-change", help="Continue although settings, data or the package have changed.")
    ] = False,
    engine: Engine = DEFAULT_ENGINE,
    address: Address = None,
    workers: Workers = None,
    track: Annotated[list[str] | None, Track] = None,
    quiet: Quiet = False,
    as_json: ResultAsJson = False,
) -> None:
    """Continue a run from its latest checkpoint, with the results that it would have had without a break.

    A run that was ended by a limit continues when the limit is raised, such as --set stop.max_seconds=600. A run that
    was killed while it wrote its results gets those that are missing.
    """
    from automl_zero.run.record.folder_files import has
    from automl_zero.run.record.run_folder import check_folder, read_run

    check_folder(folder)
    from automl_zero.run.checkpoint.compatibility import CompleteError
    from automl_zero.run.engine_registry import choose_engine
    from automl_zero.run.record.hangup import outliving_terminal
    from automl_zero.run.resume import progress_of, resume_folder
    from automl_zero.run.tracking.registry import new_trackers
    from automl_zero.terminal.safe_console import SafeConsole

    console = SafeConsole(stderr=as_json, quiet=quiet)
    trackers = new_trackers(track or [], folder, warning_printer(console))
    with outliving_terminal():
        with closing(choose_engine(engine, workers, address)) as chosen:
            try:
                progress, exit_code = resume_folder(
                    folder, overrides or [], allow_change, number_of_workers(workers), console, trackers, chosen
                )
            except CompleteError:
                if has(folder, PAGE):
                    raise
                message = f"the run is complete, but it lacked {PAGE}: written now"
                console.print(message, markup=False, highlight=False, soft_wrap=True)
                progress, exit_code = progress_of(read_run(folder)), 0
        print_run(progress, folder, as_json)
        add_report_page(folder, console)
        print_next_commands(folder, console)
    raise typer.Exit(exit_code)
