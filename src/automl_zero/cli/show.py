"""The command ``automl-zero show``: the report of a run, finished or not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from automl_zero.cli.support.options import AsJson, RunFolder
from automl_zero.cli.support.printing import print_run


def show(folder: Annotated[Path, RunFolder], as_json: AsJson = False) -> None:
    """Show the result of a run, or its progress so far."""
    from automl_zero.run.console.progress import Progress
    from automl_zero.run.record.run_folder import read_config, read_events

    progress = Progress(read_config(folder))
    for event in read_events(folder):
        progress.update(event)
    print_run(progress, folder, as_json)
