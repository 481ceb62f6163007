"""The command ``automl-zero compare``: compare searches over several seeds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.options import AsJson, Override
from automl_zero.cli.support.printing import print_table, to_json
from automl_zero.cli.support.program_options import Workers
from automl_zero.system.processors import number_of_workers
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.analysis.compare import Attempt, IntervalEstimate, SearchVariant, Summary
    from automl_zero.config import Config
    from automl_zero.terminal.safe_console import SafeConsole

PICTURE = "comparison.png"
LONGEST_NAME = 48  # characters of a variant's name in the table


def compare(
    variants: Annotated[
        list[str],
        typer.Argument(metavar="VARIANT...", help="A preset or file; with overrides: 'linear islands.count=4'."),
    ],
    out: Annotated[Path, typer.Option(help="Folder of all runs; complete ones in it are not repeated.")],
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each variant, with seeds from 1 on.")] = 10,
    overrides: Annotated[list[str] | None, Override] = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Run searches with several seeds, and show how often and how soon each reaches its target."""
    from automl_zero.analysis.compare import parse_variant, summarize
    from automl_zero.report.compare_figure import draw_comparison
    from automl_zero.terminal.safe_console import SafeConsole

    chosen = [parse_variant(each, overrides or []) for each in dict.fromkeys(variants)]
    console, threads = SafeConsole(stderr=True), number_of_workers(workers)
    attempts = {each.name: _attempts(each, seeds, out, threads, console) for each in chosen}
    draw_comparison(attempts, out / PICTURE)
    summaries = [summarize(name, runs) for name, runs in attempts.items()]
    if as_json:
        echo(to_json({"variants": [_plain(each) for each in summaries], "picture": str(out / PICTURE)}))
        return
    labels = _labels([each.name for each in summaries])
    print_table(
        ("", "solved", "median programs", "programs per solution", "median seconds", "median fitness"),
        map(_row, labels, summaries),
    )
    echo(f"\nin brackets: 95 % intervals (bootstrap)\npicture: {out / PICTURE}")


def _attempts(variant: SearchVariant, seeds: int, out: Path, workers: int, console: SafeConsole) -> list[Attempt]:
    folder = out / re.sub(r"[^\w.=-]+", "-", variant.name)
    return [_attempt(variant.of_seed(seed), folder / f"seed-{seed}", workers, console) for seed in range(1, seeds + 1)]


def _attempt(config: Config, folder: Path, workers: int, console: SafeConsole) -> Attempt:
    """Return the run in that folder, which is done now if it is not there."""
    from automl_zero.analysis.compare import attempt
    from automl_zero.run.record.run_folder import StoreError, read_run
    from automl_zero.run.session import run_to_folder

    if not folder.exists():
        console.print(str(folder), markup=False, highlight=False, soft_wrap=True)
        _, exit_code = run_to_folder(config, folder, workers, _silent())
        if exit_code:
            raise typer.Exit(exit_code)
    stored = read_run(folder)
    if stored.config != config:
        raise StoreError(f"{folder} holds a run of other settings: choose another --out, or remove it")
    found = attempt(config, stored.events)
    if found is None:
        raise StoreError(f"{folder} holds a run that was interrupted or is not complete: remove it, and compare again")
    return found


def _silent() -> SafeConsole:
    from automl_zero.terminal.safe_console import SafeConsole

    return SafeConsole(quiet=True)


def _labels(names: Sequence[str]) -> Sequence[str]:
    """Return the labels of variants in the table: their names or, if one is long, numbers, whose meaning is printed."""
    if max(map(len, names)) <= LONGEST_NAME:
        return names
    numbers = [str(number) for number in range(1, len(names) + 1)]
    echo("".join(f"{number}: {name}\n" for number, name in zip(numbers, names, strict=True)))
    return numbers


def _row(label: str, summary: Summary) -> Sequence[str]:
    return (
        label,
        f"{summary.solved} of {summary.runs} ({summary.success_rate.low:.0%} to {summary.success_rate.high:.0%})",
        _text(summary.programs, ",.0f"),
        _text(summary.programs_per_solution, ",.0f"),
        _text(summary.seconds, ".1f"),
        _text(summary.fitness, ".4f"),
    )


def _text(estimate: IntervalEstimate, form: str) -> str:
    value, low, high = (_number(each, form) for each in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"


def _number(value: float, form: str) -> str:
    return "-" if value == float("inf") else format(value, form)


def _plain(summary: Summary) -> Mapping[str, object]:
    """Return plain values for JSON, which has no infinity: what was not reached is null."""
    from dataclasses import asdict

    return dict(_finite(asdict(summary)))


def _finite(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield name, dict(_finite(value))
        else:
            yield name, None if value == float("inf") else value
