"""The command ``automl-zero transfer``: a program on other tasks than those it was evolved on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.options import AsJson, Override, Seed
from automl_zero.cli.support.printing import print_table, to_json
from automl_zero.cli.support.program_options import SUITE_NAMES, ProgramName, Trials, Workers, counting
from automl_zero.system.processors import number_of_workers
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.analysis.studies.transfer import TransferResult
    from automl_zero.run.record.events import Score

Suites = typer.Option(*SUITE_NAMES, help="A preset, a kind of tasks, or a config file; may be repeated.")
Features = typer.Option("--features", min=1, help="Number of features; may be repeated. Default: the suite's.")
Examples = typer.Option("--examples", min=1, help="Training examples of a task; may be repeated. Default: the suite's.")


def transfer(
    program: ProgramName,
    suites: Annotated[list[str], Suites],
    features: Annotated[list[int] | None, Features] = None,
    examples: Annotated[list[int] | None, Examples] = None,
    trials: Trials = 60,
    overrides: Annotated[list[str] | None, Override] = None,
    seed: Seed = 0,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Tune a program, a linear model and a two-layer net on other tasks, and show which is best on each."""
    from automl_zero.analysis.studies.transfer import transfer as measure
    from automl_zero.analysis.studies.transfer import transfer_targets
    from automl_zero.run.record.program_lookup import load_program

    given = load_program(program)
    configs = transfer_targets(suites, features or [], examples or [], [*(overrides or []), f"seed={seed}"])
    with counting("trials", trials * len(configs)) as on_progress:
        found = [measure(given, config, trials, number_of_workers(workers), on_progress) for config in configs]
    if as_json:
        echo(to_json({"places": [_plain(target) for target in found]}))
        return
    names = ("suite", "features", "examples", "as given", "on the final tasks, best first")
    print_table(names, (list(_row(target)) for target in found))
    best = sum(target.is_best for target in found)
    echo(f"\nthe program, tuned like the others, is the best on {best} of {len(found)}")


def _row(target: TransferResult) -> Iterator[str]:
    yield from (target.suite, str(target.features), str(target.examples), _text(target.untuned))
    yield " > ".join(f"{name} {_text(score)}" for name, score in target.scores)


def _text(score: Score) -> str:
    error = "" if score.standard_error is None else f" ± {score.standard_error:.4f}"
    return f"{score.fitness:.4f}{error}"


def _plain(target: TransferResult) -> dict[str, object]:
    from automl_zero.program.text import to_text

    scores = [{"name": name, **asdict(score)} for name, score in target.scores]
    return asdict(target) | {"scores": scores, "tuned": to_text(target.tuned), "program_is_best": target.is_best}
