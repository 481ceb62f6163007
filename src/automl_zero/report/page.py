"""The report of a run as one HTML page that needs nothing else: no server, no network, and hardly a script.

All that comes from a run is escaped by the template; figures are SVG or data for plotly.js, described in words.
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
from automl_zero.analysis.dataflow.findings import TECHNIQUES
from automl_zero.analysis.lineage import lineage_text
from automl_zero.analysis.readable.diff import of_lines
from automl_zero.analysis.techniques.detect import detect
from automl_zero.program.annotate import short_text
from automl_zero.program.program import Program
from automl_zero.program.text import from_text
from automl_zero.report import map_figure, scores_figure
from automl_zero.report.ablation_cache import kept_of
from automl_zero.report.figures import NAMES, drawn, figures_of
from automl_zero.report.interactive import plotted
from automl_zero.report.map_figure import island_map
from automl_zero.report.milestone import told_milestones
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

MOST_ANCESTORS = 60  # that are shown


@dataclass(frozen=True, slots=True)
class LineageRow:
    """An ancestor: what was changed, what it gained, and its code, each line with its mark ('+', '-' or ' ')."""

    number: int
    island: int
    programs: int
    mutation: str
    gain: float
    fitness: float
    lines: tuple[tuple[str, str], ...]


def collect(folder: Path) -> RunHistory:
    """The story of a run folder.

    Raises:
        StoreError, ConfigError: it cannot be read.
    """
    story = RunHistory(read_config(folder))
    for event in read_events(folder):
        story.update(event)
    return story


def page(folder: Path, story: RunHistory, library: str | None = None) -> str:
    """The report of a run as HTML; its figures are drawn by plotly.js if that is given, the source of it.

    Raises:
        StoreError: the ablation that the folder holds is damaged.
    """
    environment = Environment(
        loader=PackageLoader("automl_zero.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    scripts = [environment.get_template("report.js").render()]
    if library is not None:
        scripts += [library, environment.get_template("interactive.js").render()]
    content = _content(folder, story, is_interactive=library is not None)
    content |= {"scripts": scripts, "hash_for_browsers": _hash_for_browsers}
    return environment.get_template("report.html").render(content)


def _hash_for_browsers(script: str) -> str:
    """By which a browser knows the page's own script; it runs no other, whatever a run may hold."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _content(folder: Path, story: RunHistory, is_interactive: bool) -> dict[str, Any]:
    progress, config = story.progress, story.progress.config
    counters, ablation = progress.epoch.counters if progress.epoch else {}, kept_of(folder, progress.final)
    found, told = figures_of(story, ablation.effects if ablation else ()), told_milestones(story)
    notes = {"course": [each.code for each in told]}
    figures = {
        name: plotted(data, notes.get(name, ())) if is_interactive else svg(drawn(data)) for name, data in found.items()
    }
    return {
        "name": config.name,
        "seed": config.seed,
        "description": config.description,
        "verdict": verdict(story),
        "measure": measure(progress.final.loss) if progress.final else "fitness",
        "rows": score_rows(story),
        "figures": dict.fromkeys(NAMES, "") | figures,
        "is_interactive": is_interactive,
        "intervals": scores_figure.explanation(scores_chart(story)),
        "milestones": told,
        "analysis": _analysis(story),
        "techniques": TECHNIQUES,
        "raw": progress.best_program or "",
        "births": lineage_rows(story.lineage.ancestors if story.lineage else (), story.is_multiclass),
        "left_out": max(0, len(story.lineage.ancestors) - MOST_ANCESTORS) if story.lineage else 0,
        "shares": list(shares(counters, config).items()),
        "pruned": pruned(counters),
        "rejected_drafts": rejected_drafts(counters),
        "effects": effect_rows(story.lineage.effects if story.lineage else {}),
        "mixed": not progress.is_comparable,
        "moved": map_figure.explanation(island_map(story)),
        "ablation": ablation,
        "points": points,
        "spent": progress.spent,
        "text": report(progress, folder),
        "config": config.to_toml(),
        "start": progress.start,
        "facts": run_info(config, progress.start, progress.stop),
        "again": rerun_command(progress.stop, folder, config.islands.synchronous) if progress.stop else "",
        "measured_by": f"automl-zero report {quote(str(folder))} --ablate" if progress.final and not ablation else "",
        "version": __version__,
        "time": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def verdict(story: RunHistory) -> str:
    """What was found, in a sentence."""
    final = story.progress.final
    if not final:
        return "The run is not complete; this is how far it is."
    evolved = final.scores[Stage.FINAL]
    better = [each.name for each in final.baselines if evolved.fitness > each.scores[Stage.FINAL].fitness]
    worse = [each.name for each in final.baselines if each.name not in better]
    told = f"The evolved algorithm has {short_measure(final.loss)} {evolved.fitness:.4f} on the final tasks"
    told += f", more than {_listed(better)}" if better else ""
    told += f"{' but' if better else ','} no more than {_listed(worse)}" if worse else ""
    return f"{told}." if final.learned else f"{told}. It does not learn."


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def score_rows(story: RunHistory) -> list[tuple[str, str, list[tuple[float, float | None]]]]:
    """Of the evolved program and each baseline: name, setting, and its scores with their errors, by stage."""
    final = story.progress.final
    if not final:
        return []
    rows = (Baseline(name="evolved", setting="", scores=final.scores), *final.baselines)
    return [
        (row.name, row.setting, [(row.scores[stage].fitness, row.scores[stage].standard_error) for stage in Stage])
        for row in rows
    ]


def lineage_rows(ancestors: Sequence[Ancestor], multiclass: bool = False) -> list[LineageRow]:
    """The ancestors with what differs from the one before; of many, the last and those with the largest gains."""
    gains = [each.fitness - each.parent_fitness for each in ancestors]
    told, before = [], Program()
    for place in lineage_text(gains, MOST_ANCESTORS):
        each, gain = ancestors[place], gains[place]
        program = from_text(each.program)
        told.append(
            LineageRow(
                place + 1, each.island, each.island_programs, each.mutation.replace("_", " "), gain, each.fitness,
                _changed(before, program, multiclass),
            )
        )  # fmt: skip
        before = program
    return told


def _changed(before: Program, after: Program, multiclass: bool) -> tuple[tuple[str, str], ...]:
    lines = (short_text(each, multiclass).splitlines() for each in (before, after))
    return tuple((each.mark.value, each.text) for each in of_lines(*lines))


def points(difference: IntervalEstimate) -> str:
    """A difference of fitness in points, with its interval."""
    value, low, high = (100 * each for each in (difference.value, difference.low, difference.high))
    return f"{value:+.2f} ({low:+.2f} to {high:+.2f})"


def _analysis(story: RunHistory) -> Analysis | None:
    text, multiclass = story.progress.best_program, story.is_multiclass
    if not text:
        return None
    found = analyze(story.progress.config.name, from_text(text), multiclass)
    return replace(found, findings=detect(found.simplified.program, multiclass, loss=story.loss))
