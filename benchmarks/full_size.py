"""The paper's best program at the size of the paper: all 3072 values of the images of CIFAR-10, beside what it beats.

``python benchmarks/full_size.py`` takes about an hour of one core, adds what it finds to ``paper_algorithm.json`` after
each seed, and writes ``PAPER_ALGORITHM.md`` anew. With ``--dataset mnist`` or ``fashion-mnist``, which take some ten
minutes, it goes to ``paper_page.json``. Evaluations are those of ``products.py``.

Each seed tunes all programs, the program's variants too, on select tasks of its own, with equal numbers of trials. The
45 pairs of classes, on test images, are shared out between the seeds, so that each is judged once.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from automl_zero.analysis.by_hand import NORMALIZED, known_variants
from automl_zero.analysis.constants import constants_of, with_values
from automl_zero.analysis.paired import paired_difference
from automl_zero.analysis.tune import tune_by
from automl_zero.config import Config
from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.rng import seed_at
from automl_zero.run.suite import suite_config
from automl_zero.tasks.datasets import load_dataset
from automl_zero.tasks.projected import some_pairs
from automl_zero.tasks.splits import PAPER_DATASETS, Stage
from paper_algorithm import FULL_SIZE, keep, keep_text, plain
from paper_page import FOUND
from products import Products, Task, net_outputs, rule_of, task_of

PAIRS = 45
NET, BEST, PRINTED = "two_layer_net", "figure_6", "figure_6, its constants as printed"
NOTES = {variant.name: variant.note for variant in known_variants(BEST)}
USUAL = 16  # features, at which the library's constants do well


@dataclass(frozen=True, eq=False)
class Place:
    """A task with the inner products of its examples."""

    task: Task
    products: Products

    def accuracy(self, program: Program, is_net: bool) -> float:
        """After training, on the validation examples."""
        return self.task.accuracy(
            net_outputs(program, self.task) if is_net else self.products.outputs(rule_of(program))
        )


def main() -> None:
    """Measure seed after seed, and write what there is after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=35, help="of each tuning")
    parser.add_argument("--seeds", type=int, default=5, help="a divisor of 45")
    parser.add_argument("--select", type=int, default=3, help="select tasks of each seed")
    parser.add_argument("--dataset", choices=PAPER_DATASETS, default=PAPER_DATASETS[0])
    options = parser.parse_args()
    config = _config(options)
    found: dict[str, list[list[float]]] = defaultdict(list)  # for each seed, the accuracy on each of its final tasks
    seconds: dict[str, float] = defaultdict(float)
    with threadpool_limits(1):
        for seed in range(options.seeds):
            tuned = _tuned(config, seed, options.trials, seconds)
            for name, accuracies in _judged(config, tuned, _share(seed, options.seeds)).items():
                found[name].append(accuracies)
            _keep(options.dataset, _told(found, seconds, options) | {"features": config.tasks.num_features})


def _config(options: argparse.Namespace) -> Config:
    values = load_dataset(options.dataset).train.pixels.shape[1]
    tasks = {"dataset": options.dataset, "projection": "none", "num_features": values}
    sizes = {"select.num_tasks": options.select, "final.num_tasks": PAIRS}
    return suite_config("cifar10", [f"tasks.{name}={value}" for name, value in (tasks | sizes).items()])


def _keep(dataset: str, found: dict[str, Any]) -> None:
    if dataset == PAPER_DATASETS[0]:
        keep(FULL_SIZE, found)
        return
    known = json.loads(FOUND.read_text(encoding="utf-8"))
    known["pixels"] = known.get("pixels", {}) | {dataset: found}
    keep_text(FOUND, json.dumps(known, indent=1) + "\n")


def _share(seed: int, seeds: int) -> range:
    """The final tasks of a seed."""
    return range(seed * PAIRS // seeds, (seed + 1) * PAIRS // seeds)


def _entrants(num_features: int) -> dict[str, Program]:
    """All programs, with constants to begin a tuning with: those of the paper, and for the others what F suggests."""
    shrunk = math.sqrt(USUAL / num_features)
    variants = {variant.name: variant.program for variant in known_variants(BEST)}
    variants[NORMALIZED] = _scaled(
        variants[NORMALIZED], {1.0: num_features}
    )  # about the norm that it takes the place of
    known = {name: library_program(name) for name in (NET, "logistic_regression")}
    return {BEST: library_program(BEST), **{name: _shrunk(each, shrunk) for name, each in known.items()}, **variants}


def _shrunk(program: Program, factor: float) -> Program:
    return with_values(program, {each: factor * each.value for each in constants_of(program)})


def _scaled(program: Program, values: Mapping[float, float]) -> Program:
    return with_values(program, {each: values[each.value] for each in constants_of(program) if each.value in values})


def _tuned(config: Config, seed: int, trials: int, seconds: dict[str, float]) -> dict[str, Program]:
    """Each program with the constants that are best on a seed's select tasks; adds the seconds that it took."""
    places = list(_places(config, Stage.SELECT, seed, range(config.tasks.select.num_tasks)))
    tuned = {PRINTED: library_program(BEST)}
    for name, program in _entrants(config.tasks.num_features).items():
        start = time.process_time()

        def score(candidate: Program, is_net: bool = name == NET) -> float:
            return fmean(place.accuracy(candidate, is_net) for place in places)

        tuning = tune_by(score, program, constants_of(program), seed, trials)
        seconds[name] += time.process_time() - start
        tuned[name] = tuning.program
        print(seed, name, tuning.trials[0].fitness, tuning.best, f"{time.process_time():.0f} s", flush=True)
    return tuned


def _judged(config: Config, tuned: Mapping[str, Program], numbers: range) -> dict[str, list[float]]:
    """The accuracy of each program on each of these final tasks, which are the same for all seeds."""
    judged: dict[str, list[float]] = defaultdict(list)
    for place in _places(config, Stage.FINAL, 0, numbers):
        for name, program in tuned.items():
            judged[name].append(place.accuracy(program, name == NET))
    return judged


def _places(config: Config, stage: Stage, seed: int, numbers: range) -> Iterator[Place]:
    noise = seed_at(seed, "noise", stage)
    for number, tasks in zip(numbers, some_pairs(config.tasks, stage, seed, numbers), strict=True):
        task = task_of(replace(tasks, noise_seed=noise), 0, number)
        yield Place(task, Products(task))


def _told(
    found: Mapping[str, list[list[float]]], seconds: Mapping[str, float], options: argparse.Namespace
) -> dict[str, Any]:
    scores = {name: np.array(each) for name, each in found.items()}
    parts = [
        {"name": name, "note": note, "change": plain(paired_difference(scores[name], scores[BEST]))}
        for name, note in NOTES.items()
    ]
    programs = {
        name: {
            "accuracy": each.mean(axis=1).tolist(),
            "lead": plain(paired_difference(each, scores[NET])),
            "seconds": round(seconds.get(name, 0.0), 1),
        }
        for name, each in scores.items()
        if name not in NOTES
    }
    seeds, final = scores[BEST].shape
    sizes = {"trials": options.trials, "seeds": seeds, "select": options.select, "final": final}
    return {**sizes, "programs": programs, "parts": {BEST: parts}}


if __name__ == "__main__":
    main()
