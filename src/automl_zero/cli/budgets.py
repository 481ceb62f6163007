"""``automl-zero budgets``, and what ``run`` does with ``--budget``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from automl_zero.cli.support.choices import choices
from automl_zero.cli.support.printing import AsJson, print_rows, to_json
from automl_zero.run.budget import BUDGETS
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.config import Config

    BudgetName = str
else:
    BudgetName = choices("BudgetName", BUDGETS)

Budget = typer.Option(help="How much the run may cost: seconds, minutes, hours or years; 'budgets' tells more.")


def budgets(as_json: AsJson = False) -> None:
    """List the budgets, which 'run PRESET --budget' takes."""
    rows = [{"name": name, "description": budget.description} for name, budget in BUDGETS.items()]
    print_rows(("name", "description"), rows, as_json)


def tell_cost(config: Config, workers: int, as_json: bool) -> None:
    """Print what a run would cost that is not started, and how to start it all the same."""
    from automl_zero.run.budget import PAPER_STEPS
    from automl_zero.run.console.cost_line import cost_line, time_of_steps
    from automl_zero.run.record.events import to_plain
    from automl_zero.run.run import Run

    estimate = Run(config, workers).estimate()
    if as_json:
        echo(to_json(to_plain(estimate)))
        return
    echo(f"{config.name} at the scale of the paper, not started; on this machine, {workers} at a time:")
    echo(cost_line(estimate, config))
    echo(f"10^11 train steps, a process of the paper's baselines: {time_of_steps(estimate, PAPER_STEPS)}")
    echo(f"To start it all the same, set a limit: --set stop.max_programs={config.stop.max_programs}")
