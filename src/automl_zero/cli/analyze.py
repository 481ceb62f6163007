"""The command ``automl-zero analyze``: a program simplified, with readable names and the techniques that it uses.

The output is a list of sections, each a function from an analysis to text.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.options import AsJson, Seed
from automl_zero.cli.support.print_diff import marked_lines
from automl_zero.cli.support.printing import to_json
from automl_zero.cli.support.program_options import SUITE_NAMES, ProgramName
from automl_zero.cli.support.safe_write import check_free
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from rich.text import Text

    from automl_zero.analysis.analyze import Analysis
    from automl_zero.run.record.program_lookup import FoundProgram
    from automl_zero.tasks.task import TaskSet

JSON_FILE, TEXT_FILE = "analysis.json", "analysis.txt"
TOLERANCE = 0.002  # as in analysis.simplify.simplify, which takes longer to load


def analyze(
    program: ProgramName,
    suite: Annotated[str | None, typer.Option(*SUITE_NAMES, help="Test on the tasks of a preset or a kind.")] = None,
    seed: Seed = 0,
    data: Annotated[Path | None, typer.Option(help="Test on the tasks in an NPZ file.")] = None,
    multiclass: Annotated[bool, typer.Option("--multiclass", help="Without tasks: label v1, prediction v2.")] = False,
    tolerance: Annotated[
        float, typer.Option(min=0.0, help="How much tested steps may lower the mean fitness in total.")
    ] = TOLERANCE,
    out: Annotated[Path | None, typer.Option(help=f"Folder to write {JSON_FILE} and {TEXT_FILE} to.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a program short and readable, and name the known techniques that it uses.

    Simplifications that change no result are always applied. Others are tested on the select tasks of a run, or on
    those of --suite or --data.
    """
    from rich.text import Text

    from automl_zero.analysis.analyze import analyze as analyze_program
    from automl_zero.analysis.analyze import to_plain
    from automl_zero.analysis.lineage import lineage_of
    from automl_zero.run.record.program_lookup import find_program
    from automl_zero.run.scoring.suite import suite_config
    from automl_zero.terminal.safe_console import SafeConsole

    check_free(*(out / name for name in (JSON_FILE, TEXT_FILE) if out))
    given = find_program(program)
    tasks, rules = _tasks(given, suite, data, seed), given.config or (suite_config(suite) if suite else None)
    report = lineage_of(given.folder) if given.folder else None
    is_multiclass = multiclass or bool(given.multiclass)
    analysis = analyze_program(program, given.program, is_multiclass, tasks, rules, tolerance, report)
    text = Text("\n\n").join(filter(None, (section(analysis) for section in SECTIONS)))
    if out:
        _write(out, {JSON_FILE: to_json(to_plain(analysis)) + "\n", TEXT_FILE: f"{text.plain}\n"})
    if as_json:
        echo(to_json(to_plain(analysis)))
    else:
        SafeConsole(soft_wrap=True, highlight=False).print(text)


def _title(analysis: Analysis) -> Text:
    """Return the length and the fitness of the program, before and after simplification."""
    from rich.text import Text

    raw, short = len(analysis.simplified.raw), len(analysis.simplified.program)
    title = Text(f"{analysis.name}: {raw} instructions, {short} after simplification")
    if analysis.fitness:
        title.append("\nfitness {:.4f} before, {:.4f} after".format(*analysis.fitness) + f" ({analysis.tasks})")
    else:
        title.append("\nexact steps only: give --suite or --data to test others on tasks")
    return title


def _program(analysis: Analysis) -> Text:
    """Return the simplified program with names, its comments dimmed."""
    from rich.text import Text

    text = Text()
    for line in analysis.text.splitlines():
        code, mark, comment = line.partition("  # ")
        text.append(f"\n{code}", "bold" if line.startswith("def") else "").append(mark + comment, "green")
    return text[1:]


def _techniques(analysis: Analysis) -> Text:
    from rich.text import Text

    from automl_zero.analysis.techniques.registry import techniques_with_notes

    text = Text("techniques", "bold")
    for technique, note in techniques_with_notes(analysis.findings):
        text.append(f"\n  {technique.name}", "green").append(f": {technique.description}")
        text.append(f"\n    here: {note} ({technique.source})", "not bold dim")
    return text if analysis.findings else text.append("\n  none that is known", "not bold")


def _difference(analysis: Analysis) -> Text:
    """Return the raw program, with what simplification did to its lines."""
    from rich.text import Text

    from automl_zero.analysis.readable.diff import simplification_diff

    return Text("from the raw program\n", "bold").append_text(marked_lines(simplification_diff(analysis.simplified)))


def _lineage(analysis: Analysis) -> Text | None:
    """Return when the techniques appeared, if that is known."""
    from rich.text import Text

    from automl_zero.cli.lineage import summary

    if analysis.lineage is None or not analysis.lineage.is_lineage:
        return None
    return Text("techniques in the order of their appearance\n", "bold").append_text(summary(analysis.lineage))


SECTIONS: tuple[Callable[[Analysis], Text | None], ...] = (_title, _program, _techniques, _difference, _lineage)


def _tasks(given: FoundProgram, suite: str | None, data: Path | None, seed: int) -> TaskSet | None:
    """Return the tasks to test on: those asked for, or else the select tasks of the run, if it is one."""
    from automl_zero.run.scoring.evaluate import choose_tasks
    from automl_zero.tasks.task_kinds import Stage, build_tasks

    if suite or data:
        return choose_tasks(suite, data, "select", seed)
    return build_tasks(given.config.tasks, Stage.SELECT, given.config.seed) if given.config else None


def _write(folder: Path, files: dict[str, str]) -> None:
    from automl_zero.run.record.folder_files import write
    from automl_zero.run.record.run_folder import named

    with named(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write(folder, name, text.encode())
