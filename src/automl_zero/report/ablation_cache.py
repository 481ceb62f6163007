"""The ablation of a run's final program, cached in its folder as ``ablation.json``, so that later pages show it, too.

The file holds the text of the program that it belongs to, and is ignored for any other program.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal

from pydantic import TypeAdapter

from automl_zero.analysis.studies.ablate import Effect, ablate
from automl_zero.analysis.studies.ablation_variants import Variant, line_variants, technique_variants
from automl_zero.analysis.studies.head_to_head import TuningBudget
from automl_zero.analysis.techniques.detect import detect
from automl_zero.config import Config
from automl_zero.program.text import from_text
from automl_zero.run.record import folder_files
from automl_zero.run.record.events import Final
from automl_zero.run.record.run_folder import StoreError
from automl_zero.run.scoring.task_score import fitnesses
from automl_zero.run.scoring.tune import OnProgress, no_progress
from automl_zero.tasks.task_kinds import Stage, build_tasks

NAME = "ablation.json"
MAX_BYTES = 1 << 26  # bytes of the file
TRIALS, SEEDS = 20, 3  # enough to find what is essential; the command 'ablate' has larger defaults


@dataclass(frozen=True, slots=True)
class CachedAblation:
    """The content of the file.

    Attributes:
        format: the version of the file format.
        program: the text of the ablated program, as it was evolved.
        trials: the number of trials of each tuning.
        seeds: the number of seeds, each with tasks of its own.
        fitness: the fitness of the whole program, tuned.
        effects: the effects of the changes, the largest loss first.
    """

    format: Literal[1]
    program: str
    trials: int
    seeds: int
    fitness: float
    effects: tuple[Effect, ...]


_ADAPTER = TypeAdapter(CachedAblation)


def ablation_variants(final: Final, multiclass: bool) -> tuple[Variant, ...]:
    """Return the final program without each of its techniques, and without each of its lines, no program twice."""
    program = from_text(final.program)
    found = detect(program, multiclass, loss=final.loss)
    groups = technique_variants(program, found)
    known = {each.program for each in groups}
    return (*groups, *(each for each in line_variants(program, multiclass) if each.program not in known))


def expected_seconds(final: Final, variants: int, config: Config, budget: TuningBudget) -> float:
    """Estimate how long an ablation takes, from the times to build the tasks and to score the whole program once.

    Raises:
        TaskError: the tasks cannot be built.
    """
    program, tasks = from_text(final.program), build_tasks(config.tasks, Stage.SELECT, config.seed)
    fitnesses(program, tasks, config)  # a warm-up: the first tasks may be read from files, the first scoring compiles
    begin = perf_counter()
    build_tasks(config.tasks, Stage.SELECT, config.seed + 1)
    built = perf_counter()
    fitnesses(program, tasks, config)
    # Per seed: two builds (select and final tasks) and, for each program, its trials and the scoring on final tasks.
    tunings = (1 + variants) * (budget.trials / budget.workers + 1)
    return budget.seeds * (2 * (built - begin) + tunings * (perf_counter() - built))


def measure_ablation(
    final: Final,
    variants: tuple[Variant, ...],
    config: Config,
    budget: TuningBudget,
    on_progress: OnProgress = no_progress,
) -> CachedAblation:
    """Ablate the final program of a run.

    Raises:
        TaskError: the tasks cannot be built.
    """
    found = ablate(from_text(final.program), variants, config, budget, on_progress)
    return CachedAblation(
        format=1,
        program=final.program,
        trials=budget.trials,
        seeds=budget.seeds,
        fitness=found.fitness,
        effects=found.effects,
    )


def save_ablation(folder: Path, ablation: CachedAblation) -> Path:
    """Write an ablation to a run folder, in place of an earlier one, and return the path of the file.

    Raises:
        StoreError: it cannot be written.
    """
    return folder_files.write(folder, NAME, _ADAPTER.dump_json(ablation, indent=2) + b"\n")


def load_ablation(folder: Path, final: Final | None) -> CachedAblation | None:
    """Return the ablation in a run folder; None if there is none, or if it is that of another program.

    Raises:
        StoreError: the file cannot be read, or is damaged.
    """
    content = folder_files.read_if_there(folder, NAME, MAX_BYTES) if final else None
    if final is None or content is None:
        return None
    ablation = _read(folder / NAME, content)
    return ablation if ablation.program == final.program else None


def _read(path: Path, content: bytes) -> CachedAblation:
    try:
        ablation = _ADAPTER.validate_json(content)
        if not all(map(math.isfinite, _numbers(ablation))):
            raise ValueError
    except ValueError:
        raise StoreError(
            f"{path} is not an ablation of format 1: make it again with 'report --ablate', or remove it"
        ) from None
    return ablation


def _numbers(ablation: CachedAblation) -> Iterator[float]:
    yield ablation.fitness
    for each in ablation.effects:
        yield from (each.fitness, each.difference.value, each.difference.low, each.difference.high)
