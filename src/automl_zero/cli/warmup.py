"""The command ``automl-zero warmup``: compile the engine before it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.choices import choice_of
from automl_zero.dtypes import DTYPES
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    DtypeName = str
else:
    DtypeName = choice_of("DtypeName", DTYPES)


def warmup(
    dtypes: Annotated[
        list[DtypeName] | None, typer.Option("--dtype", help="Compile for this precision only; may be repeated.")
    ] = None,
    parts: Annotated[
        list[str] | None, typer.Option("--only", metavar="PART", help="Compile this part only; may be repeated.")
    ] = None,
) -> None:
    """Compile the engine into the cache, so that runs and tests start at once.

    What the cache holds already is loaded instead, in seconds. For several processes that begin at the same time, run
    this once beforehand: each of them would compile the same code otherwise.
    """
    from time import perf_counter

    from automl_zero.run.islands.warmup import warmup_steps

    steps = warmup_steps(dtypes or DTYPES, parts or [])
    for number, step in enumerate(steps, 1):
        echo(f"{number} of {len(steps)}: {step.name} ... ", end="", err=True)
        start = perf_counter()
        step.compile()
        echo(f"{perf_counter() - start:.1f} s", err=True)
    echo(f"compiled, or loaded from the cache: {len(steps)} parts")
