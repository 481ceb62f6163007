"""The ablation of what a run found, kept in its folder as ``ablation.json``, so that every later page shows it, too.

It belongs to one program, whose text it holds: of any other program it tells nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal

from pydantic import TypeAdapter

from automl_zero.analysis.dataflow.findings import technique_lines
from automl_zero.analysis.studies.ablate import Effect, ablate
from automl_zero.analysis.studies.ablation_variants import Variant, each_group, each_line
from automl_zero.analysis.studies.head_to_head import TuningBudget
from automl_zero.analysis.studies.tune import OnProgress, no_progress
from automl_zero.analysis.techniques.detect import detect
from automl_zero.config import Config
from automl_zero.program.text import from_text
from automl_zero.run.record import folder_files
from automl_zero.run.record.events import Final
from automl_zero.run.record.run_folder import StoreError
from automl_zero.run.scoring.task_score import fitnesses
from automl_zero.tasks.task_kinds import Stage, build_tasks

NAME = "ablation.json"
MOST = 1 << 26  # bytes: each effect holds a program
TRIALS, SEEDS = 20, 3  # enough to tell what is essential; the command 'ablate' measures with more


@dataclass(frozen=True, slots=True)
class KeptAblation:
    """What a file holds.

    Attributes:
        format: that of the file; ``program``: text of what was taken apart, as it was evolved.
        trials: of each tuning; ``seeds``: with tasks of their own.
        fitness: of the whole program, tuned; ``effects``: of the changes, the greatest loss first.
    """

    format: Literal[1]
    program: str
    trials: int
    seeds: int
    fitness: float
    effects: tuple[Effect, ...]


_KEPT = TypeAdapter(KeptAblation)


def variants_of(final: Final, multiclass: bool) -> tuple[Variant, ...]:
    """The final program without each of its techniques, and without each of its lines, no program twice."""
    program = from_text(final.program)
    found = detect(program, multiclass, loss=final.loss)
    groups = each_group(program, technique_lines(found))
    known = {each.program for each in groups}
    return (*groups, *(each for each in each_line(program, multiclass) if each.program not in known))


def expected_seconds(final: Final, variants: int, config: Config, budget: TuningBudget) -> float:
    """How long an ablation takes, by the times of building tasks and of one scoring of the whole program.

    Raises:
        TaskError: the tasks cannot be built.
    """
    program, tasks = from_text(final.program), build_tasks(config.tasks, Stage.SELECT, config.seed)
    fitnesses(program, tasks, config)  # as the first tasks may be read from files, the first scoring may compile
    begin = perf_counter()
    build_tasks(config.tasks, Stage.SELECT, config.seed + 1)
    built = perf_counter()
    fitnesses(program, tasks, config)
    tunings = (1 + variants) * (budget.trials / budget.workers + 1)
    return budget.seeds * (2 * (built - begin) + tunings * (perf_counter() - built))


def measured(
    final: Final,
    variants: tuple[Variant, ...],
    config: Config,
    budget: TuningBudget,
    on_progress: OnProgress = no_progress,
) -> KeptAblation:
    """Do the ablation.

    Raises:
        TaskError: the tasks cannot be built.
    """
    found = ablate(from_text(final.program), variants, config, budget, on_progress)
    return KeptAblation(1, final.program, budget.trials, budget.seeds, found.fitness, found.effects)


def keep(folder: Path, ablation: KeptAblation) -> Path:
    """Keep it in a run folder, in place of an earlier one; gives the file.

    Raises:
        StoreError: it cannot be written.
    """
    return folder_files.write(folder, NAME, _KEPT.dump_json(ablation, indent=2) + b"\n")


def kept_of(folder: Path, final: Final | None) -> KeptAblation | None:
    """The ablation that a run folder holds, if it is that of the final program.

    Raises:
        StoreError: the file cannot be read, or is damaged.
    """
    content = folder_files.read_if_there(folder, NAME, MOST) if final else None
    if final is None or content is None:
        return None
    ablation = _read(folder / NAME, content)
    return ablation if ablation.program == final.program else None


def _read(path: Path, content: bytes) -> KeptAblation:
    try:
        ablation = _KEPT.validate_json(content)
        if not all(map(math.isfinite, _numbers(ablation))):
            raise ValueError
    except ValueError:
        raise StoreError(
            f"{path} is not an ablation of format 1: make it anew with 'report --ablate', or remove it"
        ) from None
    return ablation


def _numbers(ablation: KeptAblation) -> Iterator[float]:
    yield ablation.fitness
    for each in ablation.effects:
        yield from (each.fitness, each.difference.value, each.difference.low, each.difference.high)
