"""The command ``automl-zero payoff``: what known techniques would gain on the tasks of a suite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.options import AsJson, Override, Seed
from automl_zero.cli.support.printing import print_table, to_json
from automl_zero.cli.support.program_options import Trials, Workers, counting, interval
from automl_zero.system.processors import number_of_workers
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.analysis.studies.payoff import Payoff

SuiteArgument = typer.Argument(metavar="SUITE", help="A preset, a kind of tasks, or a config file.")
Technique = typer.Option("--technique", help="This technique only, as 'analyze' names it; may be repeated.")


def payoff(
    suite: Annotated[str, SuiteArgument],
    techniques: Annotated[list[str] | None, Technique] = None,
    trials: Trials = 60,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds, each with its own tasks and tuning.")] = 5,
    overrides: Annotated[list[str] | None, Override] = None,
    seed: Seed = 0,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Add known techniques to simple programs, and show what each gains on the tasks of a suite.

    A search cannot find what does not pay there. Programs with and without a technique are tuned alike on the select
    tasks, and compared on the final tasks.
    """
    from automl_zero.analysis.studies.head_to_head import TuningBudget
    from automl_zero.analysis.studies.payoff import additions_for, num_tunings
    from automl_zero.analysis.studies.payoff import payoff as measure
    from automl_zero.run.scoring.suite import suite_config

    config = suite_config(suite, [*(overrides or []), f"seed={seed}"])
    chosen = additions_for(config, techniques or ())
    budget = TuningBudget(trials, seeds, number_of_workers(workers))
    with counting("trials", trials * seeds * num_tunings(chosen)) as on_progress:
        found = measure(chosen, config, budget, on_progress)
    if as_json:
        echo(to_json({"suite": config.name, "payoffs": [_plain(each) for each in found]}))
        return
    names = ("technique", "form", "added to", "without", "with", "points (95 % interval)", "")
    print_table(names, (_row(each) for each in found))
    echo("\n" + "\n".join(_summary(found)))


def _row(found: Payoff) -> list[str]:
    gain = found.gain
    numbers = f"{found.fitness_without:.4f}", f"{found.fitness:.4f}", interval(gain.value, gain.low, gain.high)
    return [found.technique, found.form, found.base, *numbers, found.verdict]


def _summary(found: Sequence[Payoff]) -> Iterator[str]:
    from automl_zero.analysis.studies.payoff import PAYS

    techniques = {each.technique for each in found}
    paying = sorted({each.technique for each in found if each.verdict == PAYS})
    yield f"of {len(techniques)} techniques, {len(paying)} pay here: {', '.join(paying) or 'none'}"


def _plain(found: Payoff) -> dict[str, object]:
    from automl_zero.program.text import to_text

    return asdict(found) | {"verdict": found.verdict, "program": to_text(found.program)}
