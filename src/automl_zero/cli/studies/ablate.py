"""The command ``automl-zero ablate``: how much each part of a program contributes to its fitness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.options import AsJson, Override, Seed
from automl_zero.cli.support.printing import print_table, to_json
from automl_zero.cli.support.program_options import ProgramName, Suite, Trials, Workers, config_for, counting, interval
from automl_zero.cli.support.safe_write import PICTURES, check_new_file
from automl_zero.system.processors import number_of_workers
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.analysis.studies.ablate import Ablation, Effect
    from automl_zero.analysis.studies.ablation_variants import Variant
    from automl_zero.config import Config
    from automl_zero.program.program import Program
    from automl_zero.program.program_edit import Line

Group = typer.Option(
    "--group", metavar="NAME=LINES", help="Lines to remove together: 'noise=learn:10' or 'x=predict:1,learn:2'."
)


def ablate(
    program: ProgramName,
    suite: Suite = None,
    trials: Trials = 60,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds, each with its own tasks and tuning.")] = 5,
    groups: Annotated[list[str] | None, Group] = None,
    techniques: Annotated[bool, typer.Option(help="Remove the lines of each technique that is recognised.")] = True,
    lines: Annotated[bool, typer.Option(help="Remove every single line, too.")] = True,
    picture: Annotated[Path | None, typer.Option(help="Draw the effects into this PNG or SVG file.")] = None,
    overrides: Annotated[list[str] | None, Override] = None,
    seed: Seed = 0,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Remove parts of a program, tune the rest, and show how much fitness is lost on unseen tasks.

    Parts are the techniques that 'analyze' recognises, groups of lines that you name, and single lines.

    Some library programs have variants written by hand, which are compared as well: techniques removed from figure_6,
    or added to logistic_regression and two_layer_net.
    """
    from automl_zero.analysis.studies.ablate import ablate as measure
    from automl_zero.analysis.studies.head_to_head import TuningBudget
    from automl_zero.run.record.program_lookup import find_program

    check_new_file(picture, PICTURES)
    named = find_program(program)
    given, config = named.program, config_for(named, suite, [*(overrides or []), f"seed={seed}"])
    recognised = _techniques(given, config) if techniques else ()
    # A group takes the place of the technique that has its name.
    parts = {each.name: each for each in (*recognised, *_groups(given, groups or []))}
    variants = _variants(program, given, tuple(parts.values()), lines, config.tasks.num_classes > 2)
    budget = TuningBudget(trials, seeds, number_of_workers(workers))
    with counting("trials", trials * seeds * (1 + len(variants))) as on_progress:
        found = measure(given, variants, config, budget, on_progress)
    if picture:
        from automl_zero.report.ablation_figure import draw_ablation

        draw_ablation(f"{program} on the tasks of {config.name}", found.effects, picture)
    if as_json:
        echo(to_json(_plain(found) | {"picture": str(picture) if picture else None}))
        return
    print_table(("", "fitness", "points (95 % interval)", "how"), _rows(found))
    echo("\n" + "\n".join(_summary(found, picture)))


def _variants(
    name: str, program: Program, parts: Sequence[Variant], lines: bool, multiclass: bool
) -> tuple[Variant, ...]:
    """Return the variants by hand, those without parts, and those of single lines that differ from both."""
    from automl_zero.analysis.studies.ablation_variants import line_variants
    from automl_zero.analysis.studies.paper_variants import known_variants

    chosen = (*known_variants(name), *parts)
    known = {each.program for each in chosen}
    single = line_variants(program, multiclass) if lines else ()
    return (*chosen, *(each for each in single if each.program not in known))


def _techniques(program: Program, config: Config) -> Sequence[Variant]:
    """Return the program without each technique that it uses on these tasks."""
    from automl_zero.analysis.studies.ablation_variants import technique_variants
    from automl_zero.analysis.techniques.detect import detect
    from automl_zero.tasks.task_kinds import Stage, build_tasks

    tasks = build_tasks(config.tasks, Stage.SELECT, config.seed)
    return technique_variants(program, detect(program, tasks.is_multiclass, loss=tasks.loss))


def _groups(program: Program, groups: Sequence[str]) -> Sequence[Variant]:
    from automl_zero.analysis.studies.ablation_variants import group_variants

    return group_variants(program, dict(map(_group, groups)))


def _group(text: str) -> tuple[str, tuple[Line, ...]]:
    """Parse a name and its lines, which users count from 1."""
    from automl_zero.config import ConfigError

    name, _, listed = text.partition("=")
    try:
        pairs = [each.split(":") for each in listed.split(",")]
        return name, tuple((component.strip(), int(number) - 1) for component, number in pairs)
    except ValueError:
        raise ConfigError(
            f"--group '{text}' names no lines: write a name and lines, such as 'noise=predict:1,learn:10'"
        ) from None


def _rows(found: Ablation) -> Iterator[list[str]]:
    yield ["the whole program", f"{found.fitness:.4f}", "", "tuned"]
    yield from (_row(effect) for effect in found.effects)


def _row(effect: Effect) -> list[str]:
    difference = effect.difference
    return [
        effect.name,
        f"{effect.fitness:.4f}",
        interval(difference.value, difference.low, difference.high),
        effect.note,
    ]


def _summary(found: Ablation, picture: Path | None) -> Iterator[str]:
    losing = [effect for effect in found.effects if effect.difference.high < 0]
    yield (
        f"{len(losing)} of {len(found.effects)} changes lower the fitness significantly (95 % interval); each was "
        "tuned like the whole program"
    )
    if picture:
        yield f"picture: {picture}"


def _plain(found: Ablation) -> dict[str, object]:
    from automl_zero.program.text import to_text

    return {
        "fitness": found.fitness,
        "program": to_text(found.program),
        "effects": [asdict(effect) for effect in found.effects],
    }
