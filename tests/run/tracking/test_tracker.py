from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.runs.sample_events import EPOCH, epoch, improvement, selection
from support.runs.saved_states import QUIET, migrating
from support.runs.timeless import timeless

from automl_zero.config import Config
from automl_zero.run.record.events import Baseline, Final, Score, Stop
from automl_zero.run.record.run_folder import read_run
from automl_zero.run.session import run_to_folder
from automl_zero.run.tracking.tracker import Tracker
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import Loss


class Notebook(Tracker):
    """Writes down what it is asked to tell, and fails in one of its methods, if that is asked for."""

    name = "notebook"

    def __init__(self, folder: Path, fails_in: str = "") -> None:
        self.reported: list[tuple[Any, ...]] = []
        self.warnings: list[str] = []
        self._fails_in = fails_in
        super().__init__(folder, self.warnings.append)

    def _note(self, *what: Any) -> None:
        if what[0] == self._fails_in:
            raise ConnectionError("the server\nis away")
        self.reported.append(what)

    def begin(self, config: Config) -> None:
        self._note("begin", config.name)

    def numbers(self, values: Mapping[str, float], programs: int) -> None:
        self._note("numbers", dict(values), programs)

    def text(self, name: str, text: str, programs: int) -> None:
        self._note("text", name, text, programs)

    def end(self, files: Sequence[Path]) -> None:
        self._note("end", [file.name for file in files])

    def values(self, name: str) -> list[float]:
        return [what[1][name] for what in self.reported if what[0] == "numbers" and name in what[1]]


def tracked(folder: Path, fails_in: str = "") -> Notebook:
    tracker = Notebook(folder, fails_in)
    run_to_folder(migrating(), folder, 1, QUIET, [tracker])
    return tracker


def test_all_that_matters_of_a_run_is_sent(tmp_path: Path) -> None:
    tracker, events = tracked(tmp_path / "run"), read_run(tmp_path / "run").events
    assert tracker.reported[0] == ("begin", "small")
    assert tracker.reported[-1] == ("end", ["config.toml", "report.txt", "final.txt", "search.txt", "select.txt"])
    (final,), programs = [event for event in events if isinstance(event, Final)], events[-1].programs
    scores = {f"final/evolved/{stage}": score.fitness for stage, score in final.scores.items()}
    assert ("numbers", scores, programs) in tracker.reported
    assert ("text", "program/final", final.program, programs) in tracker.reported
    assert ("text", "ended by", "stop.max_experiments", programs) in tracker.reported
    assert len(tracker.values("fitness/select")) == 2
    assert tracker.warnings == []


def test_curves_are_over_programs_and_hold_fitness_speed_and_counters(tmp_path: Path) -> None:
    tracker = Notebook(tmp_path)
    for event in (epoch(2.0, 1000), epoch(4.0, 1500), epoch(4.0, 1600)):
        tracker.on_epoch(event)
    assert [what[2] for what in tracker.reported] == [1000, 1500, 1600]
    assert tracker.values("fitness/best") == [0.5] * 3
    assert tracker.values("counters/evaluated") == [EPOCH.counters["evaluated"]] * 3
    assert tracker.values("time/programs_per_second") == [250.0]  # neither before there are two epochs nor in no time


def test_programs_are_reported_when_they_are_the_best(tmp_path: Path) -> None:
    tracker = Notebook(tmp_path)
    tracker.on_epoch(epoch(2.0, 1000))
    tracker.on_improvement(improvement(50, 0.5))
    tracker.on_selection(selection(0.3, is_best=False))
    tracker.on_selection(selection(0.4, is_best=True))
    texts = [what[1:] for what in tracker.reported if what[0] == "text"]
    assert texts == [("program/search", "p", 1000), ("program/select", "selected with 0.4", 1000)]


def test_the_scores_of_baselines_are_reported_next_to_those_of_the_result(tmp_path: Path) -> None:
    scores = {stage: Score(fitness=0.5, standard_error=None) for stage in Stage}
    baseline = Baseline(name="ridge", setting="", scores=scores)
    final = Final(
        seconds=1.0,
        experiment=0,
        program="p",
        pruned="p",
        learned=(),
        loss=Loss.RMSE,
        scores=scores,
        baselines=(baseline,),
    )
    tracker = Notebook(tmp_path)
    tracker.on_final(final)
    names = {f"final/{row}/{stage}" for row in ("evolved", "ridge") for stage in ("search", "select", "final")}
    assert tracker.reported[0] == ("numbers", dict.fromkeys(names, 0.5), 0)


@pytest.mark.parametrize("fails_in", ["begin", "numbers", "text", "end"])
def test_one_that_fails_says_so_once_and_the_run_goes_on_without_it(fails_in: str, tmp_path: Path) -> None:
    tracker = tracked(tmp_path / "run", fails_in)
    tracker.on_stop(Stop(seconds=0.0, reason="x", experiments=1, programs=1, train_steps=1))
    (warning,) = tracker.warnings
    assert warning == "notebook gets no more data of this run (ConnectionError: the server is away); the run continues"
    assert (fails_in == "begin") == (tracker.reported == [])
    tracked(tmp_path / "other")
    one, other = (timeless(read_run(tmp_path / name).events) for name in ("run", "other"))
    assert one == other
