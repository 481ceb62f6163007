"""The command ``automl-zero techniques``: in how many runs a technique appears, and in how many it is a gain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.options import AsJson, Override
from automl_zero.cli.support.printing import print_table, to_json
from automl_zero.cli.support.program_options import Suite, Trials, Workers, config_for, counting, interval
from automl_zero.system.processors import number_of_workers
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.analysis.studies.recurring_parts import RecurringPart
    from automl_zero.analysis.studies.technique_counts import Proportion, TechniqueCount, Winner
    from automl_zero.config import Config
    from automl_zero.program.program import Program

RunsArgument = typer.Argument(metavar="PROGRAM...", help="Run folders, or other programs with --suite.")
Control = typer.Option("--control", help="A run of the control, without what is under test; may be repeated.")
Technique = typer.Option("--technique", help="This technique only, as 'analyze' names it; may be repeated.")
Parts = typer.Option(
    "--parts", min=0, help="Measure the most frequent parts, too, that recur in several programs and have no name."
)


def techniques(
    programs: Annotated[list[str], RunsArgument],
    control: Annotated[list[str] | None, Control] = None,
    names: Annotated[list[str] | None, Technique] = None,
    parts: Annotated[int, Parts] = 0,
    suite: Suite = None,
    trials: Trials = 60,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds, each with its own tasks and tuning.")] = 5,
    overrides: Annotated[list[str] | None, Override] = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Count in how many runs the selected program has a technique, and in how many it gains by it.

    A program has a technique if its code shows it, before and after simplification. It gains by it if, without it and
    tuned alike, it is worse on unseen tasks, with an interval that excludes 0.
    """
    from automl_zero.analysis.studies.head_to_head import TuningBudget
    from automl_zero.analysis.studies.technique_counts import count_techniques, known_techniques, measure_winner
    from automl_zero.run.record.program_lookup import find_program

    wanted, budget = known_techniques(names or ()), TuningBudget(trials, seeds, number_of_workers(workers))
    first, second = list(dict.fromkeys(programs)), list(dict.fromkeys(control or ()))
    names_given = (*first, *second)
    given = [find_program(name) for name in names_given]
    configs = [config_for(each, suite, overrides or []) for each in given]
    recurring = _recurring([each.program for each in given], configs, parts)
    found = []
    with counting("programs", len(given)) as on_progress:
        for index, (name, each, config) in enumerate(zip(names_given, given, configs, strict=True)):
            own = [part.parts[index] for part in recurring if index in part.parts]
            found.append(measure_winner(name, each.program, config, budget, wanted, own))
            on_progress(1)
    winners, controls = found[: len(first)], found[len(first) :]
    counts = count_techniques(winners, controls)
    if as_json:
        plain = {"runs": list(map(asdict, winners)), "control": list(map(asdict, controls))}
        echo(to_json(plain | {"counts": list(map(asdict, counts))}))
        return
    print_table(("program", "technique", "points (95 % interval)", "here"), _details(found))
    echo()
    heads = ("technique", "has it", "gains by it")
    print_table((*heads, "control", "control gains", "p", "p of gains") if controls else heads, map(_row, counts))
    echo("\nin brackets: 95 % intervals (Wilson)" + ("; p: Fisher's exact test, two-sided" if controls else ""))


def _recurring(programs: Sequence[Program], configs: Sequence[Config], count: int) -> Sequence[RecurringPart]:
    """Return the most frequent parts that have no name."""
    from automl_zero.analysis.studies.recurring_parts import recurring_parts
    from automl_zero.analysis.studies.technique_counts import shown_techniques

    if not count:
        return ()
    multiclass = configs[0].tasks.num_classes > 2
    found = [shown_techniques(program, multiclass) for program in programs]
    named = [{line for finding in findings for line in finding.lines} for findings in found]
    return recurring_parts(programs, named, multiclass)[:count]


def _details(winners: Sequence[Winner]) -> Iterator[list[str]]:
    for winner in winners:
        for worth in winner.worths:
            gain = worth.gain
            points = interval(gain.value, gain.low, gain.high) if gain else "no program without it is known"
            yield [winner.name, worth.technique, points, worth.note]
        if not winner.worths:
            yield [winner.name, "none", "", ""]


def _row(count: TechniqueCount) -> list[str]:
    row = [count.technique, _share(count.has), _share(count.gains)]
    if count.control_has and count.control_gains:
        row += [_share(count.control_has), _share(count.control_gains), f"{count.p_has:.2g}", f"{count.p_gains:.2g}"]
    return row


def _share(share: Proportion) -> str:
    return f"{share.count} of {share.runs} ({share.low:.0%} to {share.high:.0%})"
