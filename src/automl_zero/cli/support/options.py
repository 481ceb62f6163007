"""Options that several commands have in common."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ResultAsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and all else to stderr.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but the report at the end.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed that the tasks are drawn from.")]
RunFolder = typer.Argument(metavar="RUN", help="A run folder.")
Track = typer.Option("--track", metavar="NAME", help="Log the run to tensorboard or mlflow, too; may be repeated.")
Override = typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, e.g. islands.count=8; may be repeated.")
