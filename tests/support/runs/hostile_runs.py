"""Runs whose names, configs, events and programs are made to harm whoever shows them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from support.runs.sample_events import EPOCH, SCORING, improvement
from support.runs.small_config import small_config

from automl_zero.run.record.events import (
    Ancestor,
    Baseline,
    Event,
    Final,
    Lineage,
    Score,
    Selection,
    Start,
    Stop,
    to_json,
)
from automl_zero.run.record.run_folder import RunFolder
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import Loss

SCRIPT = "<script>document.title='harmed'</script>"
IMAGE = "<img src=x onerror=document.title='harmed'>"
HOSTILE = SCRIPT + IMAGE + "\"'`${document.title='harmed'}`&amp;"
NAMES = [
    b"<img src=x onerror=document.title='harmed'>",
    b"'\"`${}&amp;#run=x",
    b"%2e%2e%2f%2e%2e",
    b"x\\..\\..\\",
    b"javascript:alert(1)",
    b"\xff\xfe",
    "\u202etxt.\N{PILE OF POO} ".encode() + b"n" * 200,
]
SCORES = {stage: Score(0.5, None) for stage in Stage}


def hostile_events() -> list[Event]:
    """One of each kind, with hostile text wherever there is text."""
    ancestor = Ancestor(island=0, island_programs=1, mutation=HOSTILE, parent_fitness=0.1, fitness=0.2, program=HOSTILE)
    baseline = Baseline(name=HOSTILE, setting=HOSTILE, scores=SCORES)
    program = {"seconds": 3.0, "experiment": 0, "program": HOSTILE}
    fitness = {"experiment_programs": 10, "search_fitness": 0.5, "select_fitness": 0.5}
    return [
        Start(version=HOSTILE, name=HOSTILE, seed=0, workers=1, time=HOSTILE, machine=HOSTILE, versions={HOSTILE: "1"}),
        replace(improvement(10, 0.5), program=HOSTILE),
        replace(EPOCH, counters={**EPOCH.counters, HOSTILE: 5}),
        Selection(**program, **fitness, is_best=True, limit=HOSTILE),
        Lineage(seconds=3.0, experiment=0, ancestors=(ancestor,), effects={HOSTILE: (1, 2, 3)}),
        replace(SCORING, baseline=HOSTILE),
        Final(**program, pruned=HOSTILE, learned=(HOSTILE,), loss=Loss.RMSE, scores=SCORES, baselines=(baseline,)),
        Stop(seconds=4.0, reason=HOSTILE, experiments=1, programs=1000, train_steps=5000),
    ]


def make_hostile_run(folder: Path) -> Path:
    """A run folder with the hostile events, and a hostile name in its config."""
    RunFolder.create(folder, small_config().model_copy(update={"name": HOSTILE, "description": HOSTILE}))
    (folder / "events.jsonl").write_text("".join(f"{to_json(each)}\n" for each in hostile_events()))
    return folder


def make_hostile_runs(root: Path) -> None:
    """A run of each of the names."""
    for name in NAMES:
        make_hostile_run(root / os.fsdecode(name))
