"""Options of the commands that run a search: by which engine, where, and with how many workers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class EngineName(StrEnum):
    """What runs the islands; results are the same."""

    THREADS = "threads"
    RAY = "ray"


Engine = Annotated[EngineName, typer.Option(help="What runs the islands; results are the same.")]
Address = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="The Ray cluster to run on; by default, one is started on this machine."),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Threads, or with Ray processes; by default, one for each usable processor."),
]
