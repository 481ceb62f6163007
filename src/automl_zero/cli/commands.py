"""The table of all commands, and the application ``main`` that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated

import typer

from automl_zero import __version__
from automl_zero.cli.analyze import analyze
from automl_zero.cli.budgets import budgets, efforts
from automl_zero.cli.compare import compare
from automl_zero.cli.dashboard import dashboard
from automl_zero.cli.data import data
from automl_zero.cli.evaluate import evaluate
from automl_zero.cli.export import export
from automl_zero.cli.lineage import lineage
from automl_zero.cli.ops import ops
from automl_zero.cli.presets import presets
from automl_zero.cli.report import report
from automl_zero.cli.resume import resume
from automl_zero.cli.run import run
from automl_zero.cli.show import show
from automl_zero.cli.studies.ablate import ablate
from automl_zero.cli.studies.payoff import payoff
from automl_zero.cli.studies.techniques import techniques
from automl_zero.cli.studies.transfer import transfer
from automl_zero.cli.studies.tune import tune
from automl_zero.cli.support.command_group import ErrorReportingGroup, ProcessCommand
from automl_zero.cli.tasks import tasks
from automl_zero.cli.warmup import warmup
from automl_zero.terminal.output import echo

# The panels of the help and their commands, in the order in which the help shows them; a Typer has subcommands.
PANELS: Mapping[str, tuple[Callable[..., None] | typer.Typer, ...]] = MappingProxyType(
    {
        "Evolve": (run, resume, compare, warmup),
        "Inspect": (show, report, dashboard),
        "Analyze": (analyze, lineage, payoff, ablate, techniques, tune, transfer),
        "Apply": (evaluate, export),
        "Data": (presets, budgets, ops, tasks, data),
    }
)
RENAMED = (efforts,)  # commands under the name that they had in the release before, which the help does not show


def _print_version(wanted: bool) -> None:
    if wanted:
        echo(f"automl-zero {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")]

main = ProcessCommand(
    cls=ErrorReportingGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@main.callback()
def _automl_zero(version: Version = False) -> None:
    """Evolve complete machine-learning algorithms from empty programs."""


def _register(panel: str, command: Callable[..., None] | typer.Typer) -> None:
    if isinstance(command, typer.Typer):
        main.add_typer(command, rich_help_panel=panel)
    else:
        main.command(rich_help_panel=panel)(command)


for _panel, _commands in PANELS.items():
    for _command in _commands:
        _register(_panel, _command)
for _command in RENAMED:
    main.command(hidden=True)(_command)
