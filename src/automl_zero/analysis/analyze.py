"""Analysis of a program: simplify it, detect its techniques and write it readably. The result is plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any

from automl_zero.analysis.dataflow.findings import Finding
from automl_zero.analysis.lineage import LineageReport
from automl_zero.analysis.lineage import to_plain as lineage_to_plain
from automl_zero.analysis.readable.diff import simplification_diff
from automl_zero.analysis.readable.pretty_print import readable
from automl_zero.analysis.simplify.simplify import TOLERANCE, FitnessOf, Simplification, simplify
from automl_zero.analysis.techniques.detect import detect
from automl_zero.analysis.techniques.registry import TECHNIQUES
from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.program.text import to_text
from automl_zero.rng import seed_at
from automl_zero.run.scoring.task_score import fitnesses
from automl_zero.tasks.task import TaskSet

NOISE_SEEDS = 3  # seeds of the random ops, with each of which tested steps are scored


@dataclass(frozen=True, slots=True)
class Analysis:
    """The analysis of a program.

    Attributes:
        name: the name of the program, or the folder of its run.
        multiclass: whether label and prediction are the vectors v1 and v2.
        simplified: the raw program, the short one, and the steps between.
        findings: the techniques in the short program.
        fitness: mean fitness over the tasks, of the raw and of the short program; None without tasks.
        tasks: the name and number of the tasks; empty without tasks.
        lineage: the lineage of the program, if a run found it.
    """

    name: str
    multiclass: bool
    simplified: Simplification
    findings: tuple[Finding, ...]
    fitness: tuple[float, float] | None
    tasks: str
    lineage: LineageReport | None = None

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
    lineage: LineageReport | None = None,
) -> Analysis:
    """Analyze a program.

    Args:
        name: the name of the program.
        program: any program.
        multiclass: whether the program is for more than two classes; where tasks are given, they decide.
        tasks: the tasks on which inexact steps are tested, each with several noise seeds; without tasks, all steps are
            exact.
        config: the rules by which programs are scored.
        tolerance: by how much inexact steps may lower the mean fitness in all.
        lineage: the lineage of the program, which becomes part of the result.

    Example:
        >>> analysis = analyze("figure 6", library_program("figure_6_raw"))
        >>> print(analysis.text)
    """
    if tasks is None:
        simplified = simplify(program, multiclass)
        return Analysis(
            name=name,
            multiclass=multiclass,
            simplified=simplified,
            findings=detect(simplified.program, multiclass),
            fitness=None,
            tasks="",
            lineage=lineage,
        )
    # The tasks decide how programs are run and scored, whatever the arguments say.
    fitness_of = _scorer(tasks, config or Config())
    simplified = simplify(program, tasks.is_multiclass, fitness_of, tolerance)
    found = detect(simplified.program, tasks.is_multiclass, loss=tasks.loss)
    fitness = fmean(fitness_of(program)), fmean(fitness_of(simplified.program))
    label = f"{tasks.name}, {len(tasks)} tasks"
    return Analysis(
        name=name,
        multiclass=tasks.is_multiclass,
        simplified=simplified,
        findings=found,
        fitness=fitness,
        tasks=label,
        lineage=lineage,
    )


def to_plain(analysis: Analysis) -> dict[str, Any]:
    """Return the analysis as plain values, ready for JSON."""
    simplified = analysis.simplified
    return {
        "name": analysis.name,
        "multiclass": analysis.multiclass,
        "raw": to_text(simplified.raw),
        "program": to_text(simplified.program),
        "readable": analysis.text,
        "steps": [asdict(step) for step in simplified.steps],
        "difference": [{**asdict(each), "mark": each.mark.value} for each in simplification_diff(simplified)],
        "techniques": [_technique(each) for each in analysis.findings],
        "tasks": analysis.tasks or None,
        "fitness": dict(zip(("raw", "program"), analysis.fitness, strict=True)) if analysis.fitness else None,
        "lineage": lineage_to_plain(analysis.lineage) if analysis.lineage else None,
    }


def _technique(finding: Finding) -> dict[str, object]:
    technique = TECHNIQUES[finding.technique]
    return {
        "technique": finding.technique,
        "lines": finding.lines,
        "note": finding.note,
        "sentence": technique.description,
        "source": technique.source,
    }


def _scorer(tasks: TaskSet, config: Config) -> FitnessOf:
    """Return the function that scores a program on each task, with each noise seed if the program draws."""
    # One noise seed could favor a step by luck; each set has the same tasks and other draws.
    sets = [replace(tasks, noise_seed=seed_at(tasks.noise_seed, "analyze", number)) for number in range(NOISE_SEEDS)]

    def fitness_of(program: Program) -> list[float]:
        draws = any(instruction.row.draws for instruction in program.instructions())
        return [value for each in sets[: None if draws else 1] for value in fitnesses(program, each, config)]

    return fitness_of
