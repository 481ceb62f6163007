"""The command ``automl-zero report``, and the page that every run of the command leaves in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.new_files import check_free
from automl_zero.cli.output import warning

if TYPE_CHECKING:
    from rich.console import Console

    from automl_zero.report.story import Story

PAGE = "report.html"


def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    out: Annotated[Path | None, typer.Option(help=f"The page; by default, {PAGE} in the run folder.")] = None,
    figures: Annotated[Path | None, typer.Option(help="A folder for the figures as PNG and SVG.")] = None,
) -> None:
    """Write the report of a run as a page to look at; it needs no network, and can be sent to others."""
    from automl_zero.report.page import tell
    from automl_zero.report.run_figures import write_figures

    if out and out.resolve() != (folder / PAGE).resolve():  # the run's own page is made anew
        check_free(out)
    story = tell(folder)
    for file in write_figures(story, figures) if figures else []:
        typer.echo(f"wrote {file}")
    typer.echo(f"wrote {write_page(folder, story, out)}")


def leave_page(folder: Path, console: Console) -> None:
    """Write the page of a run that has ended, and say where; whatever goes wrong with it, the run is complete."""
    try:
        from automl_zero.report.page import tell

        page = write_page(folder, tell(folder))
    except Exception as error:
        warning(console)(f"there is no page of this run ({error}): try 'automl-zero report {folder}'")
    else:
        console.print(f"to look at: {page}", markup=False, highlight=False, soft_wrap=True)


def write_page(folder: Path, story: Story, out: Path | None = None) -> Path:
    """Write the page of a run, by default to its folder, where it is made anew.

    Raises:
        StoreError: the page cannot be written.
    """
    from automl_zero.atomic import replacing
    from automl_zero.report.page import page
    from automl_zero.run.store import named

    target, content = out or folder / PAGE, page(folder, story)
    with named(target), replacing(target) as file:
        file.write(content.encode())
    return target
