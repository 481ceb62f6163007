"""Events with round numbers, and what is known of a run after some of them."""

from __future__ import annotations

from dataclasses import replace

from support.runs.small_config import small_config

from automl_zero.config import Config
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.events import (
    Baseline,
    EpochEnd,
    Estimate,
    Event,
    Final,
    Improvement,
    Score,
    Scoring,
    Selection,
)
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import Loss

EPOCH = EpochEnd(
    seconds=2.0,
    experiment=0,
    epoch=1,
    experiment_programs=1000,
    programs=1000,
    train_steps=5000,
    best_fitness=0.5,
    island_fitness=(0.5, 0.25),
    counters={
        "programs": 1000,
        "evaluated": 500,
        "cache_hits": 250,
        "fingerprint_hits": 200,
        "over_cost": 30,
        "below_hurdle": 10,
        "cannot_learn": 10,
        "train_steps": 5000,
        "instructions": 400,
        "live_instructions": 100,
    },
)


# A program takes 1 to 10 ms and 100 to 1000 steps, and a second 50,000 to 100,000 steps.
ESTIMATE = Estimate(seconds_per_program=(0.001, 0.01), steps_per_program=(100.0, 1000.0), steps_per_second=(5e4, 1e5))
SCORING = Scoring(seconds=4.0, baseline="ridge regression", number=1, count=2)

SCORES = {Stage.SEARCH: Score(0.7, 0.01), Stage.SELECT: Score(0.6, 0.01), Stage.FINAL: Score(0.5, None)}
FINAL = Final(
    seconds=9.0,
    experiment=0,
    program="",
    pruned="",
    learned=(),
    loss=Loss.ACCURACY,
    scores=SCORES,
    baselines=(Baseline(name="net", setting="rate 1", scores=SCORES),),
)


def after(*events: Event, config: Config | None = None) -> Progress:
    progress = Progress(config or small_config())
    for event in events:
        progress.update(event)
    return progress


def epoch(seconds: float, programs: int) -> EpochEnd:
    return replace(EPOCH, seconds=seconds, programs=programs, experiment_programs=programs)


def improvement(programs: int, fitness: float, experiment: int = 0) -> Improvement:
    return Improvement(
        seconds=0.0, experiment=experiment, experiment_programs=programs, fitness=fitness, is_best=True, program="p"
    )


def selection(fitness: float, is_best: bool) -> Selection:
    return Selection(
        seconds=3.0,
        experiment=0,
        experiment_programs=1000,
        search_fitness=0.5,
        select_fitness=fitness,
        is_best=is_best,
        limit="experiment.patience",
        program=f"selected with {fitness}",
    )
