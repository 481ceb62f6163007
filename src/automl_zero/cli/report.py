"""The command ``automl-zero report``, and the page that ``run`` and ``resume`` write to the run folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.options import RunFolder
from automl_zero.cli.support.printing import warning_printer
from automl_zero.cli.support.program_options import counting
from automl_zero.cli.support.safe_write import check_free
from automl_zero.system.processors import number_of_workers
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.report.run_history import RunHistory
    from automl_zero.terminal.safe_console import SafeConsole

PAGE = "report.html"
ABLATE = "Remove each part of the final program, and show how much fitness it contributes, here and on later pages."
INTERACTIVE = "Draw figures with tooltips and zoom; the page then has about 5 MB (needs plotly)."


def report(
    folder: Annotated[Path, RunFolder],
    out: Annotated[Path | None, typer.Option(help=f"The page; by default, {PAGE} in the run folder.")] = None,
    figures: Annotated[Path | None, typer.Option(help="A folder for the figures as PNG and SVG.")] = None,
    ablate: Annotated[bool, typer.Option("--ablate", help=ABLATE)] = False,
    interactive: Annotated[bool, typer.Option("--interactive", help=INTERACTIVE)] = False,
) -> None:
    """Write the report of a run as one HTML page, which needs no network and can be sent to others."""
    from automl_zero.report.ablation_cache import load_ablation
    from automl_zero.report.figures import write_figures
    from automl_zero.report.interactive import library
    from automl_zero.report.page import collect

    if out and not _is_own(out, folder):  # the run's own page is replaced
        check_free(out)
    source = library() if interactive else None
    history = collect(folder)
    if ablate:
        echo(f"wrote {_save_ablation(folder, history)}")
    if figures:
        kept = load_ablation(folder, history.progress.final)
        for file in write_figures(history, figures, kept.effects if kept else ()):
            echo(f"wrote {file}")
    echo(f"wrote {write_page(folder, history, out, source)}")


def _save_ablation(folder: Path, history: RunHistory) -> Path:
    """Ablate the final program, print beforehand how long that takes, and save the result; return its file."""
    from automl_zero.analysis.studies.head_to_head import TuningBudget
    from automl_zero.report.ablation_cache import (
        SEEDS,
        TRIALS,
        ablation_variants,
        expected_seconds,
        measure_ablation,
        save_ablation,
    )
    from automl_zero.run.console.formatting import duration
    from automl_zero.run.record.run_folder import StoreError

    final, config = history.progress.final, history.progress.config
    if not final:
        raise StoreError(f"the run in {folder} has no final program yet: let it end, or continue it with 'resume'")
    variants, budget = (
        ablation_variants(final, config.tasks.num_classes > 2),
        TuningBudget(TRIALS, SEEDS, number_of_workers(None)),
    )
    seconds = duration(expected_seconds(final, len(variants), config, budget))
    echo(f"{len(variants)} parts are removed, with {TRIALS} trials on each of {SEEDS} seeds: about {seconds}")
    with counting("trials", TRIALS * SEEDS * (1 + len(variants))) as on_progress:
        return save_ablation(folder, measure_ablation(final, variants, config, budget, on_progress))


def add_report_page(folder: Path, console: SafeConsole) -> None:
    """Write the page of a run that has ended, and print its path; a failure is a warning, as the run is complete."""
    try:
        from automl_zero.report.page import collect

        page = write_page(folder, collect(folder))
    except Exception as error:
        warning_printer(console)(
            f"the page of this run could not be written ({error}): try 'automl-zero report {folder}'"
        )
    else:
        console.print(f"report: {page}", markup=False, highlight=False, soft_wrap=True)


def write_page(folder: Path, history: RunHistory, out: Path | None = None, library: str | None = None) -> Path:
    """Write the page of a run, by default to its folder, where it replaces an earlier one.

    ``library`` is the source text of plotly, or None for plain figures.

    Raises:
        StoreError: it cannot be written.
    """
    from automl_zero.report.page import page
    from automl_zero.run.record.folder_files import write

    content = page(folder, history, library).encode()
    if out is None or _is_own(out, folder):
        write(folder, PAGE, content)
        return out or folder / PAGE
    return write(out.parent, out.name, content)


def _is_own(out: Path, folder: Path) -> bool:
    """Return whether a path, however written, is that of the run's own page, which itself may be a link."""
    return out.name == PAGE and out.parent.resolve() == folder.resolve()
