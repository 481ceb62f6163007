"""The command ``automl-zero lineage``: how the best program of a run evolved, change by change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.options import AsJson
from automl_zero.cli.support.print_diff import marked_lines
from automl_zero.cli.support.printing import to_json
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from rich.text import Text

    from automl_zero.analysis.lineage import Change, LineageReport, LineageStep
    from automl_zero.analysis.readable.diff import DiffLine


def lineage(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    every: Annotated[bool, typer.Option("--all", help="Show every program, not only the greatest gains.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how the best program of a run evolved: its ancestors that were fitter than their parents.

    Each is shown as its differences from the one before, without code that has no effect.
    """
    from rich.text import Text

    from automl_zero.analysis.lineage import MAX_SHOWN, lineage_of, to_plain
    from automl_zero.terminal.safe_console import SafeConsole

    report = lineage_of(folder, None if every else MAX_SHOWN)
    if as_json:
        echo(to_json(to_plain(report)))
        return
    parts = [Text(_title(folder, report)), *map(_change, report.changes)]
    if left_out := report.count - len(report.changes):
        parts.append(Text(f"{left_out} with smaller gains were left out: --all shows them"))
    SafeConsole(soft_wrap=True, highlight=False).print(Text("\n\n").join(parts))


def summary(report: LineageReport) -> Text:
    """Return a line for each program that gains or loses a technique."""
    from rich.text import Text

    lines = [
        Text(f"  {_place(each.step)}: ").append_text(_techniques(each)) for each in report.changes if _is_notable(each)
    ]
    return Text("\n").join(lines or [Text("  none that is known", "not bold")])


def _title(folder: Path, report: LineageReport) -> str:
    if not report.count:
        return f"{folder}: no program was fitter than the one that experiment {report.experiment} began with"
    if report.is_lineage:
        return f"{folder}, experiment {report.experiment}: ancestors that improved on a parent: {report.count}"
    return (
        f"{folder} has no lineage: the run has not ended, or is of an older version\n"
        f"improvements of experiment {report.experiment}, which need not descend from each other: {report.count}"
    )


def _change(change: Change) -> Text:
    from rich.text import Text

    text = Text()
    if change.skipped:
        text.append(f"({change.skipped} with smaller gains between)\n\n", "dim")
    text.append(f"{_place(change.step)}, {_gain(change.step)}; {change.size} instructions", "bold")
    if _is_notable(change):
        text.append("\n").append_text(_techniques(change))
    return text.append("\n").append_text(marked_lines(list(_changed(change.difference))))


def _place(ancestor: LineageStep) -> str:
    where = "" if ancestor.island is None else f" of island {ancestor.island}"
    return f"program {ancestor.programs:,}{where}" + (f", {ancestor.mutation}" if ancestor.mutation else "")


def _gain(ancestor: LineageStep) -> str:
    return f"fitness {ancestor.fitness:.4f}" + ("" if ancestor.before is None else f" ({ancestor.gain:+.4f})")


def _is_notable(change: Change) -> bool:
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
    """Yield the lines that differ, under the headers of their component functions."""
    header: DiffLine | None = None
    for each in lines:
        if each.text.startswith("def "):
            header = each
        elif each.mark.strip():
            if header:
                yield header
            header = None
            yield each
