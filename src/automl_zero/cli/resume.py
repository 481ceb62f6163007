"""The command ``automl-zero resume``: a run that was stopped, or whose limit was raised, goes on."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from automl_zero.cli.report import PAGE, try_write_page
from automl_zero.cli.support.engine_options import DEFAULT_ENGINE, Address, Engine, Workers
from automl_zero.cli.support.printing import Override, Track, print_run, suggest, warning
from automl_zero.system.processors import number_of_workers


def resume(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    overrides: Annotated[list[str] | None, Override] = None,
    allow_change: Annotated[
        bool, typer.Option("--allow-change", help="Go on although settings, data or the package have changed.")
    ] = False,
    engine: Engine = DEFAULT_ENGINE,
    address: Address = None,
    workers: Workers = None,
    track: Annotated[list[str] | None, Track] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show nothing but the report at the end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON, all else to stderr.")] = False,
) -> None:
    """Go on with a run exactly as it would have gone on, from its latest checkpoint.

    A run that was ended by a limit goes on when the limit is raised, such as --set stop.max_seconds=600. What a run
    lacks that was killed at its very end is written.
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
    trackers = new_trackers(track or [], folder, warning(console))
    with outliving_terminal():
        with closing(choose_engine(engine, workers, address)) as chosen:
            try:
                progress, exit_code = resume_folder(
                    folder, overrides or [], allow_change, number_of_workers(workers), console, trackers, chosen
                )
            except CompleteError:
                if has(folder, PAGE):
                    raise
                told = f"the run is complete, but it lacked {PAGE}: written now"
                console.print(told, markup=False, highlight=False, soft_wrap=True)
                progress, exit_code = progress_of(read_run(folder)), 0
        print_run(progress, folder, as_json)
        try_write_page(folder, console)
        suggest(folder, console)
    raise typer.Exit(exit_code)
