"""Compare the paper's best program with its rivals at the size of the paper: all 3072 values of CIFAR-10 images.

``python benchmarks/experiments/full_size.py`` takes about an hour of one core, with ``--workers 2`` forty minutes of
two. It stores
the results of each seed in ``full_size.json``, measures only missing seeds, and adds the summary of all to
``paper_algorithm.json`` and ``PAPER_ALGORITHM.md``. With ``--dataset mnist`` or ``fashion-mnist``, which take a
fraction of the time, that goes to ``paper_page.json``; many pairs of their classes are easily told apart, so give them
more ``--select`` tasks. Evaluations are those of ``products.py``.

Each seed tunes all programs, for CIFAR-10 the programs' variants too, on select tasks of its own, with equal numbers of
trials. The 45 pairs of classes, on test images, are shared out between the seeds, so that each is judged once.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from statistics import fmean
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from automl_zero.analysis.studies.paired_test import paired_difference
from automl_zero.analysis.studies.paper_variants import NORMALIZED, known_variants
from automl_zero.config import Config
from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.rng import seed_at
from automl_zero.run.scoring.constants import constants_of, with_values
from automl_zero.run.scoring.suite import suite_config
from automl_zero.run.scoring.tune import tune_by
from automl_zero.tasks.datasets.datasets import load_dataset
from automl_zero.tasks.datasets.sources import PAPER_DATASETS
from automl_zero.tasks.image_tasks import some_pairs
from automl_zero.tasks.splits import Stage
from paper_algorithm import FULL_SIZE, RESULTS, keep, keep_text, plain
from paper_page import AS_PRINTED, FOUND
from products import Products, Task, net_outputs, rule_of, task_of

SEEDS_FOUND = RESULTS / "full_size.json"
PAIRS = 45
NET, BEST = "two_layer_net", ("figure_6", "figure_6_pruned")
PRINTED = {f"{name}{AS_PRINTED}": name for name in BEST}
VARIANTS = {name: {f"{name}: {each.name}": each for each in known_variants(name)} for name in BEST}
USUAL = 16  # features, at which the library's constants do well


@dataclass(frozen=True, eq=False)
class Place:
    """A task with the inner products of its examples."""

    task: Task
    products: Products

    def accuracy(self, program: Program, is_net: bool) -> float:
        """Return the accuracy on the validation examples after training."""
        return self.task.accuracy(
            net_outputs(program, self.task) if is_net else self.products.outputs(rule_of(program))
        )


def main() -> None:
    """Measure the missing seeds, and write all results after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=35, help="of each tuning")
    parser.add_argument("--seeds", type=int, default=5, help="a divisor of 45")
    parser.add_argument("--select", type=int, default=3, help="select tasks of each seed")
    parser.add_argument("--dataset", choices=PAPER_DATASETS, default=PAPER_DATASETS[0])
    parser.add_argument("--workers", type=int, default=1, help="processes, of one thread and 4 GB each")
    parser.add_argument("--again", action="store_true", help="measure all seeds, also those with results")
    options = parser.parse_args()
    sizes = {name: getattr(options, name) for name in ("trials", "seeds", "select")}
    found = {} if options.again else _known(options.dataset, sizes)
    missing = [seed for seed in range(options.seeds) if str(seed) not in found]
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        futures = {pool.submit(_found, options, seed): seed for seed in missing}
        for future in as_completed(futures):
            found = dict(sorted({**found, str(futures[future]): future.result()}.items()))
            _keep_seeds(options.dataset, {**sizes, "found": found})
            _keep(options.dataset, {**_told(found, sizes), "features": _num_values(options.dataset)})


def _known(dataset: str, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Read the results of each seed with the same sizes."""
    known = _all_known().get(dataset)
    if known is None:
        return {}
    before = {name: known[name] for name in sizes}
    if before != sizes:
        raise SystemExit(f"{SEEDS_FOUND} holds {dataset} with {before}, not {sizes}: give these, or --again")
    return dict(known["found"])


def _all_known() -> dict[str, Any]:
    return dict(json.loads(SEEDS_FOUND.read_text(encoding="utf-8"))) if SEEDS_FOUND.exists() else {}


def _keep_seeds(dataset: str, found: dict[str, Any]) -> None:
    keep_text(SEEDS_FOUND, json.dumps({**_all_known(), dataset: found}, indent=1) + "\n")


def _found(options: argparse.Namespace, seed: int) -> dict[str, Any]:
    """Return the accuracies of each program on the final tasks of a seed, and the seconds of tuning."""
    config = _config(options)
    with threadpool_limits(1):
        tuned, seconds = _tuned(config, seed, options.trials)
        accuracies = _judged(config, tuned, _share(seed, options.seeds))
    return {"accuracies": accuracies, "seconds": seconds}


def _config(options: argparse.Namespace) -> Config:
    tasks = {"dataset": options.dataset, "projection": "none", "num_features": _num_values(options.dataset)}
    sizes = {"select.num_tasks": options.select, "final.num_tasks": PAIRS}
    suite = "mnist" if options.dataset == "mnist" else "cifar10"  # whose final tasks have as many images as there are
    return suite_config(suite, [f"tasks.{name}={value}" for name, value in (tasks | sizes).items()])


def _num_values(dataset: str) -> int:
    """Count the values of an image."""
    return int(load_dataset(dataset).train.pixels.shape[1])


def _keep(dataset: str, found: dict[str, Any]) -> None:
    if dataset == PAPER_DATASETS[0]:
        keep(FULL_SIZE, found)
        return
    known = json.loads(FOUND.read_text(encoding="utf-8"))
    known["pixels"] = known.get("pixels", {}) | {dataset: found}
    keep_text(FOUND, json.dumps(known, indent=1) + "\n")


def _share(seed: int, seeds: int) -> range:
    """Return the final tasks of a seed."""
    return range(seed * PAIRS // seeds, (seed + 1) * PAIRS // seeds)


def _entrants(num_features: int) -> dict[str, Program]:
    """Return the programs with first constants for tuning: the paper's, and for the others those that suit F."""
    shrunk = math.sqrt(USUAL / num_features)
    usual = {name: _shrunk(library_program(name), shrunk) for name in (NET, "logistic_regression")}
    return {name: library_program(name) for name in BEST} | usual


def _variants(num_features: int) -> dict[str, Program]:
    """Return the best programs without their parts; a constant in place of the norm of the gradient starts near it."""
    norms = {1.0: num_features}
    return {
        key: _scaled(variant.program, norms if variant.name == NORMALIZED else {})
        for variants in VARIANTS.values()
        for key, variant in variants.items()
    }


def _shrunk(program: Program, factor: float) -> Program:
    return with_values(program, {each: factor * each.value for each in constants_of(program)})


def _scaled(program: Program, values: Mapping[float, float]) -> Program:
    return with_values(program, {each: values[each.value] for each in constants_of(program) if each.value in values})


def _tuned(config: Config, seed: int, trials: int) -> tuple[dict[str, Program], dict[str, float]]:
    """Return each program with the best constants on the select tasks of a seed, and the seconds of tuning."""
    transfer_targets = list(_places(config, Stage.SELECT, seed, range(config.tasks.select.num_tasks)))
    tuned = {name: library_program(program) for name, program in PRINTED.items()}
    seconds = {}
    entrants = _entrants(config.tasks.num_features)
    if config.tasks.dataset == PAPER_DATASETS[0]:
        entrants |= _variants(config.tasks.num_features)
    for name, program in entrants.items():
        start = time.process_time()

        def score(candidate: Program, is_net: bool = name == NET) -> float:
            return fmean(place.accuracy(candidate, is_net) for place in transfer_targets)

        tuning = tune_by(score, program, constants_of(program), seed, trials)
        seconds[name] = time.process_time() - start
        tuned[name] = tuning.program
        print(seed, name, tuning.trials[0].fitness, tuning.best, f"{time.process_time():.0f} s", flush=True)
    return tuned, seconds


def _judged(config: Config, tuned: Mapping[str, Program], numbers: range) -> dict[str, list[float]]:
    """Return the accuracy of each program on each of these final tasks, which are the same for all seeds."""
    judged: dict[str, list[float]] = defaultdict(list)
    for place in _places(config, Stage.FINAL, 0, numbers):
        for name, program in tuned.items():
            judged[name].append(place.accuracy(program, name == NET))
    return dict(judged)


def _places(config: Config, stage: Stage, seed: int, numbers: range) -> Iterator[Place]:
    noise = seed_at(seed, "noise", stage)
    for number, tasks in zip(numbers, some_pairs(config.tasks, stage, seed, numbers), strict=True):
        task = task_of(replace(tasks, noise_seed=noise), 0, number)
        yield Place(task, Products(task))


def _told(found: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
    """Return the summary of the measured seeds in the form of ``paper_algorithm.py``."""
    seeds = list(found.values())
    scores = {name: np.array([each["accuracies"][name] for each in seeds]) for name in seeds[0]["accuracies"]}
    parts = {
        name: [
            {"name": each.name, "note": each.note, "change": plain(paired_difference(scores[key], scores[name]))}
            for key, each in variants.items()
        ]
        for name, variants in VARIANTS.items()
        if scores.keys() >= variants.keys()
    }
    of_variants = {key for variants in VARIANTS.values() for key in variants}
    programs = {
        name: {
            "accuracy": each.mean(axis=1).tolist(),
            "lead": plain(paired_difference(each, scores[NET])),
            "seconds": round(sum(seed["seconds"].get(name, 0.0) for seed in seeds), 1),
        }
        for name, each in scores.items()
        if name not in of_variants
    }
    measured, final = scores[NET].shape
    return {**sizes, "seeds": measured, "final": final, "programs": programs, "parts": parts}


if __name__ == "__main__":
    main()
