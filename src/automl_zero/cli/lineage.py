"""The command ``automl-zero lineage``: how the code of a run's program came about, change by change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.print_diff import marked
from automl_zero.cli.support.printing import AsJson, to_json
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from rich.text import Text

    from automl_zero.analysis.lineage import Change, LineageReport, LineageStep
    from automl_zero.analysis.readable.diff import DiffLine


def lineage(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    every: Annotated[bool, typer.Option("--all", help="Tell of every program, not just the greatest gains.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how the code of a run's best program came about: its ancestors that were fitter than their parents.

    Each is shown as the lines that differ from the one shown before, without code that has no effect.
    """
    from rich.text import Text

    from automl_zero.analysis.lineage import MOST, lineage_of, to_plain
    from automl_zero.terminal.safe_console import SafeConsole

    story = lineage_of(folder, None if every else MOST)
    if as_json:
        echo(to_json(to_plain(story)))
        return
    parts = [Text(_title(folder, story)), *map(_change, story.changes)]
    if left_out := story.count - len(story.changes):
        parts.append(Text(f"{left_out} with smaller gains were left out: --all shows them"))
    SafeConsole(soft_wrap=True, highlight=False).print(Text("\n\n").join(parts))


def summary(story: LineageReport) -> Text:
    """A line for each program that shows another technique, or no longer shows one."""
    from rich.text import Text

    lines = [Text(f"  {_place(each.step)}: ").append_text(_techniques(each)) for each in story.changes if _news(each)]
    return Text("\n").join(lines or [Text("  none that is known", "not bold")])


def _title(folder: Path, story: LineageReport) -> str:
    if not story.count:
        return f"{folder}: no program was fitter than the one that experiment {story.experiment} began with"
    if story.is_lineage:
        return f"{folder}, experiment {story.experiment}: ancestors that improved on a parent: {story.count}"
    return (
        f"{folder} tells no lineage, since it is still going on or of an older version\n"
        f"improvements of experiment {story.experiment}, which need not stem from each other: {story.count}"
    )


def _change(change: Change) -> Text:
    from rich.text import Text

    text = Text()
    if change.skipped:
        text.append(f"({change.skipped} with smaller gains between)\n\n", "dim")
    text.append(f"{_place(change.step)}, {_gain(change.step)}; {change.size} instructions", "bold")
    if _news(change):
        text.append("\n").append_text(_techniques(change))
    return text.append("\n").append_text(marked(list(_changed(change.difference))))


def _place(step: LineageStep) -> str:
    where = "" if step.island is None else f" of island {step.island}"
    return f"program {step.programs:,}{where}" + (f", {step.mutation}" if step.mutation else "")


def _gain(step: LineageStep) -> str:
    return f"fitness {step.fitness:.4f}" + ("" if step.before is None else f" ({step.gain:+.4f})")


def _news(change: Change) -> bool:
    return bool(change.gained or change.lost)


def _techniques(change: Change) -> Text:
    from rich.text import Text

    text = Text()
    for verb, names, style in (("now", change.gained, "green"), ("no longer", change.lost, "red")):
        if names:
            text.append("; " if text else "", "not bold").append(f"{verb} ", "not bold")
            text.append(", ".join(names), f"not bold {style}")
    return text


def _changed(lines: tuple[DiffLine, ...]) -> Iterator[DiffLine]:
    """What differs, under the headers of its component functions."""
    header: DiffLine | None = None
    for each in lines:
        if each.text.startswith("def "):
            header = each
        elif each.mark.strip():
            if header:
                yield header
            header = None
            yield each
