"""Options of the commands that run a search: by which engine, where, and with how many workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.choices import choice_of
from automl_zero.run.engine_registry import DEFAULT_ENGINE as DEFAULT_ENGINE
from automl_zero.run.engine_registry import ENGINES

if TYPE_CHECKING:
    EngineName = str
else:
    EngineName = choice_of("EngineName", ENGINES)

Engine = Annotated[EngineName, typer.Option(help="What runs the islands; results are the same.")]
Address = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="The Ray cluster to run on; by default, one is started on this machine."),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Threads, or with Ray processes; by default, one for each usable processor."),
]
