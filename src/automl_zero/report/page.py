"""The report of a run as one self-contained HTML page: it needs no server and no network, and hardly any script.

The template escapes everything that comes from a run. Figures are SVG, or data for plotly.js, with text alternatives.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from automl_zero import __version__
from automl_zero.analysis.analyze import Analysis, analyze
from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.lineage import largest_gains
from automl_zero.analysis.readable.diff import line_diff
from automl_zero.analysis.techniques.detect import detect
from automl_zero.analysis.techniques.registry import TECHNIQUES
from automl_zero.program.annotate import short_text
from automl_zero.program.program import Program
from automl_zero.program.text import from_text
from automl_zero.report import map_figure, scores_figure
from automl_zero.report.ablation_cache import load_ablation
from automl_zero.report.figures import NAMES, drawn, figures_of
from automl_zero.report.interactive import plotted
from automl_zero.report.map_figure import island_map
from automl_zero.report.milestone import annotated_milestones
from automl_zero.report.plot_style import svg
from automl_zero.report.run_history import RunHistory
from automl_zero.report.scores_figure import scores_chart
from automl_zero.run.console.formatting import effect_rows
from automl_zero.run.console.outcomes import pruned, rejected_drafts, shares
from automl_zero.run.console.run_info import run_info
from automl_zero.run.console.summary import measure, report, rerun_command, short_measure
from automl_zero.run.record.events import Ancestor, Baseline
from automl_zero.run.record.run_folder import read_config, read_events
from automl_zero.tasks.splits import Stage

MAX_ANCESTORS = 60  # ancestors that are shown


@dataclass(frozen=True, slots=True)
class LineageRow:
    """An ancestor: its mutation, its gain, and its code, each line with its mark ('+', '-' or ' ')."""

    number: int
    island: int
    programs: int
    mutation: str
    gain: float
    fitness: float
    lines: tuple[tuple[str, str], ...]


def collect(folder: Path) -> RunHistory:
    """Read the history of a run folder.

    Raises:
        StoreError, ConfigError: it cannot be read.
    """
    history = RunHistory(read_config(folder))
    for event in read_events(folder):
        history.update(event)
    return history


def page(folder: Path, history: RunHistory, library: str | None = None) -> str:
    """Return the report of a run as HTML; with ``library``, the source of plotly.js, its figures are interactive.

    Raises:
        StoreError: the ablation in the folder is damaged.
    """
    environment = Environment(
        loader=PackageLoader("automl_zero.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    scripts = [environment.get_template("report.js").render()]
    if library is not None:
        scripts += [library, environment.get_template("interactive.js").render()]
    content = _content(folder, history, is_interactive=library is not None)
    content |= {"scripts": scripts, "hash_for_browsers": _hash_for_browsers}
    return environment.get_template("report.html").render(content)


def _hash_for_browsers(script: str) -> str:
    """Return the hash of a script for the page's content security policy: browsers run no other script."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _content(folder: Path, history: RunHistory, is_interactive: bool) -> dict[str, Any]:
    progress, config = history.progress, history.progress.config
    counters, ablation = progress.epoch.counters if progress.epoch else {}, load_ablation(folder, progress.final)
    found, milestones = figures_of(history, ablation.effects if ablation else ()), annotated_milestones(history)
    notes = {"course": [each.code for each in milestones]}
    figures = {
        name: plotted(data, notes.get(name, ())) if is_interactive else svg(drawn(data)) for name, data in found.items()
    }
    ablation_command = f"automl-zero report {quote(str(folder))} --ablate"
    return {
        "name": config.name,
        "seed": config.seed,
        "description": config.description,
        "conclusion": conclusion(history),
        "measure": measure(progress.final.loss) if progress.final else "fitness",
        "rows": score_rows(history),
        "figures": dict.fromkeys(NAMES, "") | figures,
        "is_interactive": is_interactive,
        "intervals": scores_figure.explanation(scores_chart(history)),
        "milestones": milestones,
        "analysis": _analysis(history),
        "techniques": TECHNIQUES,
        "raw": progress.best_program or "",
        "ancestors": lineage_rows(history.lineage.ancestors if history.lineage else (), history.is_multiclass),
        "left_out": max(0, len(history.lineage.ancestors) - MAX_ANCESTORS) if history.lineage else 0,
        "shares": list(shares(counters, config).items()),
        "pruned": pruned(counters),
        "rejected_drafts": rejected_drafts(counters),
        "effects": effect_rows(history.lineage.effects if history.lineage else {}),
        "has_different_tasks": not progress.is_comparable,
        "migration": map_figure.explanation(island_map(history)),
        "ablation": ablation,
        "points": points,
        "spent": progress.spent,
        "text": report(progress, folder),
        "config": config.to_toml(),
        "start": progress.start,
        "facts": run_info(config, progress.start, progress.stop),
        "again": rerun_command(progress.stop, folder, config.islands.synchronous) if progress.stop else "",
        "ablation_command": ablation_command if progress.final and not ablation else "",
        "version": __version__,
        "time": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def conclusion(history: RunHistory) -> str:
    """Return the result of the run in a sentence."""
    final = history.progress.final
    if not final:
        return "The run is not complete; this page shows its progress so far."
    evolved = final.scores[Stage.FINAL]
    better = [each.name for each in final.baselines if evolved.fitness > each.scores[Stage.FINAL].fitness]
    worse = [each.name for each in final.baselines if each.name not in better]
    text = f"The evolved algorithm has {short_measure(final.loss)} {evolved.fitness:.4f} on the final tasks"
    text += f", more than {_listed(better)}" if better else ""
    text += f"{' but' if better else ','} no more than {_listed(worse)}" if worse else ""
    return f"{text}." if final.learned else f"{text}. It does not learn."


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def score_rows(history: RunHistory) -> list[tuple[str, str, list[tuple[float, float | None]]]]:
    """Return for the evolved program and each baseline its name, setting, and (score, standard error) by stage."""
    final = history.progress.final
    if not final:
        return []
    rows = (Baseline(name="evolved", setting="", scores=final.scores), *final.baselines)
    return [
        (row.name, row.setting, [(row.scores[stage].fitness, row.scores[stage].standard_error) for stage in Stage])
        for row in rows
    ]


def lineage_rows(ancestors: Sequence[Ancestor], multiclass: bool = False) -> list[LineageRow]:
    """Return the ancestors with their line diffs; of many, the last and those with the largest gains."""
    gains = [each.fitness - each.parent_fitness for each in ancestors]
    rows, before = [], Program()
    for place in largest_gains(gains, MAX_ANCESTORS):
        each, gain = ancestors[place], gains[place]
        program = from_text(each.program)
        rows.append(
            LineageRow(
                number=place + 1,
                island=each.island,
                programs=each.island_programs,
                mutation=each.mutation.replace("_", " "),
                gain=gain,
                fitness=each.fitness,
                lines=_changed(before, program, multiclass),
            )
        )
        before = program
    return rows


def _changed(before: Program, after: Program, multiclass: bool) -> tuple[tuple[str, str], ...]:
    lines = (short_text(each, multiclass).splitlines() for each in (before, after))
    return tuple((each.mark.value, each.text) for each in line_diff(*lines))


def points(difference: IntervalEstimate) -> str:
    """Format a difference of fitness in points, with its interval."""
    value, low, high = (100 * each for each in (difference.value, difference.low, difference.high))
    return f"{value:+.2f} ({low:+.2f} to {high:+.2f})"


def _analysis(history: RunHistory) -> Analysis | None:
    text, multiclass = history.progress.best_program, history.is_multiclass
    if not text:
        return None
    found = analyze(history.progress.config.name, from_text(text), multiclass)
    return replace(found, findings=detect(found.simplified.program, multiclass, loss=history.loss))
