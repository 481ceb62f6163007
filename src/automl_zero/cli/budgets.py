"""The command ``automl-zero budgets``, and the option ``--budget`` of ``run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from automl_zero.cli.support.choices import choice_of
from automl_zero.cli.support.options import AsJson
from automl_zero.cli.support.printing import print_rows, to_json
from automl_zero.errors import warn_renamed
from automl_zero.run.budget import BUDGETS
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.config import Config

    BudgetName = str
else:
    BudgetName = choice_of("BudgetName", BUDGETS)

Budget = typer.Option(help="How much the run may cost: seconds, minutes, hours or years; 'budgets' lists them.")
Effort = typer.Option("--effort", hidden=True)  # the name of --budget in the release before


def budgets(as_json: AsJson = False) -> None:
    """List the budgets, which 'run PRESET --budget' takes."""
    rows = [{"name": name, "description": budget.description} for name, budget in BUDGETS.items()]
    print_rows(("name", "description"), rows, as_json)


def efforts(as_json: AsJson = False) -> None:
    """List the budgets, under the name that this command had in the release before."""
    warn_renamed("the command 'efforts'", "'budgets'")
    budgets(as_json)


def renamed_effort(budget: BudgetName | None, effort: BudgetName | None) -> BudgetName | None:
    """Return the budget, which may be given by its old option, with a warning.

    Raises:
        typer.BadParameter: both options are given.
    """
    if effort is None:
        return budget
    if budget is not None:
        raise typer.BadParameter("--effort is the old name of --budget, and both are given: leave out --effort")
    warn_renamed("--effort", "--budget")
    return effort


def print_estimate(config: Config, workers: int, as_json: bool) -> None:
    """Print what a run that is not started would cost, and how to start it nevertheless."""
    from automl_zero.run.budget import PAPER_STEPS
    from automl_zero.run.console.cost_line import cost_line, time_of_steps
    from automl_zero.run.record.events import to_plain
    from automl_zero.run.run import Run

    estimate = Run(config, workers).estimate()
    if as_json:
        echo(to_json(to_plain(estimate)))
        return
    echo(f"{config.name} at the scale of the paper, not started; on this machine, with {workers} workers:")
    echo(cost_line(estimate, config))
    echo(f"10^11 train steps, a process of the paper's baselines: {time_of_steps(estimate, PAPER_STEPS)}")
    echo(f"To start it nevertheless, set a limit: --set stop.max_programs={config.stop.max_programs}")
