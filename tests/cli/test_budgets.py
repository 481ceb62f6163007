"""The command ``budgets``, and the old names of it and of its option."""

from __future__ import annotations

import json
from pathlib import Path

from support.runs.invocations import invoke

from automl_zero.cli.budgets import BudgetName
from automl_zero.run.budget import BUDGETS
from automl_zero.run.record.run_folder import read_run


def test_every_budget_is_listed_and_can_be_chosen() -> None:
    rows = json.loads(invoke("budgets", "--json").stdout)
    assert [row["name"] for row in rows] == list(BUDGETS) == [each.value for each in BudgetName]
    choices, text = invoke("run", "--help").stdout, invoke("budgets").stdout
    assert all(name in choices and name in text and each.description in text for name, each in BUDGETS.items())


def test_the_old_option_still_chooses_a_budget_with_a_warning(small: Path) -> None:
    result = invoke("run", small, "--effort", "smoke", "--set", "stop.max_programs=100", "--quiet")
    assert result.exit_code == 0
    assert result.stderr == "warning: --effort is now called --budget: the next release removes the old name\n"
    assert read_run(Path("runs/small-seed-0")).config.stop.max_seconds == 3


def test_the_old_and_the_new_option_exclude_each_other(small: Path) -> None:
    result = invoke("run", small, "--effort", "smoke", "--budget", "demo")
    assert result.exit_code == 2
    assert "leave out --effort" in result.stderr
    assert not Path("runs").exists()


def test_the_old_command_still_lists_the_budgets_with_a_warning() -> None:
    result = invoke("efforts", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, json.loads(invoke("budgets", "--json").stdout))
    assert (
        result.stderr
        == "warning: the command 'efforts' is now called 'budgets': the next release removes the old name\n"
    )


def test_the_help_shows_no_old_name() -> None:
    assert "effort" not in invoke("--help").stdout + invoke("run", "--help").stdout
