"""Understand a program: make it short, name what it holds, find what it does. What comes of it is plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any

from automl_zero.analysis.dataflow.findings import TECHNIQUES, Finding
from automl_zero.analysis.lineage import LineageReport
from automl_zero.analysis.lineage import to_plain as story_to_plain
from automl_zero.analysis.readable.diff import difference
from automl_zero.analysis.readable.pretty_print import readable
from automl_zero.analysis.simplify.simplify import TOLERANCE, FitnessOf, Simplified, simplify
from automl_zero.analysis.techniques.detect import detect
from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.program.text import to_text
from automl_zero.rng import seed_at
from automl_zero.run.scoring.task_score import fitnesses
from automl_zero.tasks.task import TaskSet

NOISES = 3  # seeds of the random ops with which steps are tested


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is understood of a program.

    Attributes:
        name: of the program, or the folder of its run.
        multiclass: whether label and prediction are the vectors v1 and v2.
        simplified: the raw program, the short one, and the steps between.
        findings: techniques in the short one.
        fitness: means over the tasks, of the raw and of the short program; None where there are no tasks.
        tasks: their name and number, or empty.
        story: how the program came about, if a run found it.
    """

    name: str
    multiclass: bool
    simplified: Simplified
    findings: tuple[Finding, ...]
    fitness: tuple[float, float] | None
    tasks: str
    story: LineageReport | None = None

    @property
    def text(self) -> str:
        """The short program with names and comments."""
        return readable(self.simplified.program, self.multiclass, self.findings)


def analyze(
    name: str,
    program: Program,
    multiclass: bool = False,
    tasks: TaskSet | None = None,
    config: Config | None = None,
    tolerance: float = TOLERANCE,
    story: LineageReport | None = None,
) -> Analysis:
    """Understand a program.

    Args:
        name: what it is called.
        program: any program.
        multiclass: whether it is for more than two classes; of given tasks, it is theirs that counts.
        tasks: where steps that are not exact are tested, each with several seeds of noise; without, none are done.
        config: the rules by which programs are scored.
        tolerance: by how much such steps may lower the mean fitness in all.
        story: how the program came about, which is told beside.
    """
    if tasks is None:
        simplified = simplify(program, multiclass)
        return Analysis(name, multiclass, simplified, detect(simplified.program, multiclass), None, "", story)
    fitness_of = _scorer(tasks, config or Config())
    simplified = simplify(program, tasks.is_multiclass, fitness_of, tolerance)
    found = detect(simplified.program, tasks.is_multiclass, loss=tasks.loss)
    fitness = fmean(fitness_of(program)), fmean(fitness_of(simplified.program))
    told = f"{tasks.name}, {len(tasks)} tasks"
    return Analysis(name, tasks.is_multiclass, simplified, found, fitness, told, story)


def to_plain(analysis: Analysis) -> dict[str, Any]:
    """The analysis as plain values, ready for JSON."""
    simplified = analysis.simplified
    return {
        "name": analysis.name,
        "multiclass": analysis.multiclass,
        "raw": to_text(simplified.raw),
        "program": to_text(simplified.program),
        "readable": analysis.text,
        "steps": [asdict(step) for step in simplified.steps],
        "difference": [{**asdict(each), "mark": each.mark.value} for each in difference(simplified)],
        "techniques": [{**asdict(each), **_told(each)} for each in analysis.findings],
        "tasks": analysis.tasks or None,
        "fitness": dict(zip(("raw", "program"), analysis.fitness, strict=True)) if analysis.fitness else None,
        "lineage": story_to_plain(analysis.story) if analysis.story else None,
    }


def _told(finding: Finding) -> dict[str, str]:
    technique = TECHNIQUES[finding.technique]
    return {"sentence": technique.sentence, "source": technique.source}


def _scorer(tasks: TaskSet, config: Config) -> FitnessOf:
    """The fitness on each task with each of several seeds of noise; one of them where nothing is drawn."""
    sets = [replace(tasks, noise_seed=seed_at(tasks.noise_seed, "analyze", number)) for number in range(NOISES)]

    def fitness_of(program: Program) -> list[float]:
        draws = any(instruction.row.draws for instruction in program.instructions())
        return [value for each in sets[: None if draws else 1] for value in fitnesses(program, each, config)]

    return fitness_of
