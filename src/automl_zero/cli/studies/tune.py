"""The command ``automl-zero tune``: tune the constants of a program for the tasks of a suite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.options import AsJson, Override, Seed
from automl_zero.cli.support.printing import print_table, to_json
from automl_zero.cli.support.program_options import ProgramName, Suite, Trials, Workers, config_for, counting, interval
from automl_zero.cli.support.safe_write import check_new_file, write_new
from automl_zero.system.processors import number_of_workers
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.analysis.studies.derived_constants import ConstantReplacement
    from automl_zero.analysis.studies.head_to_head import ProgramComparison
    from automl_zero.config import Config
    from automl_zero.program.program import Program
    from automl_zero.run.scoring.tune import Tuning


def tune(
    program: ProgramName,
    suite: Suite = None,
    trials: Trials = 200,
    decouple: Annotated[
        bool,
        typer.Option(
            "--decouple", help="First try to replace each scalar that is computed from the memory by a constant."
        ),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Write the tuned program to this file.")] = None,
    overrides: Annotated[list[str] | None, Override] = None,
    seed: Seed = 0,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Tune all constants of a program on the select tasks of a suite, and compare both versions on the final tasks."""
    from automl_zero.analysis.studies.head_to_head import compare_programs
    from automl_zero.program.text import to_text
    from automl_zero.run.record.program_lookup import find_program
    from automl_zero.run.scoring.task_score import for_study

    check_new_file(out)
    named = find_program(program)
    given, config = named.program, for_study(config_for(named, suite, [*(overrides or []), f"seed={seed}"]))
    freed, replacements = _decoupled(given, config, trials, number_of_workers(workers)) if decouple else (given, ())
    tuning = _tuned(freed, config, trials, number_of_workers(workers))
    verdict, text = compare_programs(given, tuning.program, config), to_text(tuning.program)
    if out:
        write_new(out, text)
    if as_json:
        tried = [asdict(each) for each in replacements]
        echo(to_json(asdict(tuning) | {"program": text, "replacements": tried, "final": asdict(verdict)}))
        return
    if replacements:
        print_table(("in", "for", "constant", "points gained", ""), _replaced(replacements))
        echo()
    print_table(("line", "constant", "before", "after"), _changed(tuning))
    echo(f"\n{text}\n" + "\n".join(_judged(tuning, verdict)) + (f"\nwritten to {out}" if out else ""))


def _decoupled(
    program: Program, config: Config, trials: int, workers: int
) -> tuple[Program, tuple[ConstantReplacement, ...]]:
    from automl_zero.analysis.studies.derived_constants import find_derived_constants, replace_derived_constants

    uses = find_derived_constants(program, config.tasks.num_classes > 2)
    with counting("decoupling", trials * (1 + len(uses))) as on_progress:
        found = replace_derived_constants(program, config, trials, workers, on_progress)
    return found.program, found.tried


def _tuned(program: Program, config: Config, trials: int, workers: int) -> Tuning:
    from automl_zero.run.scoring.tune import tune
    from automl_zero.tasks.task_kinds import Stage, build_tasks

    with counting("tuning", trials) as on_progress:
        return tune(program, build_tasks(config.tasks, Stage.SELECT, config.seed), config, trials, workers, on_progress)


def _replaced(replacements: tuple[ConstantReplacement, ...]) -> Iterator[list[str]]:
    for each in replacements:
        effect = each.difference
        gain = interval(effect.value, effect.low, effect.high)
        yield [each.where, each.scalar, f"{each.value:.4g}", gain, "kept" if each.kept else "not kept"]


def _changed(tuning: Tuning) -> Iterator[list[str]]:
    """Yield a row for each constant."""
    for constant, value in zip(tuning.constants, tuning.best.values, strict=True):
        component, index = constant.line
        yield [f"{component} {index + 1}", constant.name, f"{constant.value:.4g}", f"{value:.4g}"]


def _judged(tuning: Tuning, verdict: ProgramComparison) -> Iterator[str]:
    gain = verdict.difference
    yield f"on the select tasks, after {len(tuning.trials)} trials: {tuning.best.fitness:.4f}"
    yield f"on the final tasks: {verdict.before:.4f} as given, {verdict.after:.4f} tuned"
    yield f"points gained there, with the 95 % interval: {interval(gain.value, gain.low, gain.high)}"
