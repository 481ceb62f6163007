"""Limits on programs are exact, and a run that ends within an epoch goes on as if it had not ended there."""

from __future__ import annotations

from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from support.runs.small_config import small_config
from support.runs.timeless import timeless

from automl_zero.config import Config, ConfigError
from automl_zero.run.checkpoint.manager import latest, state_digest
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import EpochEnd, Final, Stop
from automl_zero.run.record.run_folder import StoreError, read_run
from automl_zero.run.resume import resume_folder
from automl_zero.run.run import Run, RunCutError
from automl_zero.run.session import run_to_folder
from automl_zero.terminal.safe_console import SafeConsole
from automl_zero.vm.stop_flag import Stopped

QUIET = SafeConsole(quiet=True)
ENDLESS = (1 << 63) - 1
SEARCHES: dict[str, dict[str, Any]] = {
    "alone": {},
    "migrating": {"islands": {"migrants": 3}},
    "families": {
        "search": {"method": "minimal-generation-gap", "children": 20},
        "islands": {"epoch_programs": 80},
    },
    "at once": {"experiment": {"concurrent": 2}, "stop": {"max_experiments": 2}},
    "patient": {"experiment": {"patience": 400}},
}


def config(search: str, most: int | None) -> Config:
    changes = SEARCHES[search]
    return small_config(**{**changes, "stop": {"max_experiments": 1, **changes.get("stop", {}), "max_programs": most}})


@pytest.mark.parametrize("most", [250, 333, 501])
def test_a_run_makes_as_many_programs_as_it_may_and_one_for_an_island_more_at_most(most: int) -> None:
    stop = [event for event in Run(config("alone", most)).iter_events() if isinstance(event, Stop)]
    assert most <= stop[0].programs < most + 3


def test_families_stay_whole() -> None:
    stop = [event for event in Run(config("families", 250)).iter_events() if isinstance(event, Stop)]
    assert 250 <= stop[0].programs < 250 + 3 * 20
    assert (stop[0].programs - 60) % (3 * 20) == 0


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("most", [250, 333, 501])
def test_a_run_that_goes_on_within_an_epoch_comes_to_the_same(search: str, most: int, tmp_path: Path) -> None:
    run_to_folder(config(search, 900), tmp_path / "whole", 2, QUIET)
    run_to_folder(config(search, most), tmp_path / "parts", 2, QUIET)
    kept = latest(tmp_path / "parts").checkpoint.snapshot.state
    resume_folder(tmp_path / "parts", ["stop.max_programs=900"], False, 2, QUIET)
    assert state_digest(tmp_path / "parts") == state_digest(tmp_path / "whole")
    whole, parts = (read_run(tmp_path / name).events for name in ("whole", "parts"))
    assert timeless(whole) == timeless(parts)
    assert kept.position or search in ("families", "patient")


def test_no_epoch_has_a_position_beyond_its_end(tmp_path: Path) -> None:
    run_to_folder(config("alone", 250), tmp_path / "run", 2, QUIET)
    position = latest(tmp_path / "run").checkpoint.snapshot.state.position
    with pytest.raises(StoreError, match=f"after {position} programs of an epoch"):
        resume_folder(tmp_path / "run", ["stop.max_programs=900", f"islands.epoch_programs={position}"], True, 2, QUIET)


def endless(**changes: Any) -> Config:
    stop = {"max_programs": ENDLESS, "max_experiments": 1, **changes.pop("stop", {})}
    return small_config(**changes, stop=stop, islands={"epoch_programs": ENDLESS})


def test_an_epoch_without_end_is_cut_and_what_it_has_found_is_the_result() -> None:
    run = Run(endless(), workers=2)
    Timer(0.3, run.request_stop).start()
    events = list(run.iter_events())
    final, stop = (each for each in events if isinstance(each, Final | Stop))
    assert isinstance(stop, Stop)
    assert stop.reason == "interrupted"
    assert 0 < stop.cut_programs < stop.programs
    assert isinstance(final, Final)
    assert [each.epoch for each in events if isinstance(each, EpochEnd)] == [1]


def test_a_limit_in_seconds_cuts_an_epoch_without_end_and_its_state_is_not_kept(tmp_path: Path) -> None:
    limited = endless(stop={"max_seconds": 1.0})
    run_to_folder(limited, tmp_path / "run", 2, QUIET)
    events = read_run(tmp_path / "run").events
    stop = events[-1]
    assert isinstance(stop, Stop)
    assert stop.reason == "stop.max_seconds"
    assert stop.cut_programs
    assert latest(tmp_path / "run").checkpoint.snapshot.state.epoch == 0
    assert "cannot be reproduced" in " ".join((tmp_path / "run" / "report.txt").read_text().split())


class Cutting(Callback):
    """Raises the stop flag of an engine after the second epoch, so that the third one is cut, and ends the run."""

    def __init__(self, engine: ThreadEngine) -> None:
        self._engine = engine

    def on_epoch(self, event: EpochEnd) -> bool:
        if event.epoch == 2:
            self._engine.stop.set()
        return event.epoch == 3


def test_a_run_that_was_cut_goes_on_from_the_epoch_before(tmp_path: Path) -> None:
    run_to_folder(config("migrating", 900), tmp_path / "whole", 2, QUIET)
    engine = ThreadEngine(2)
    run_to_folder(config("migrating", 900), tmp_path / "cut", 2, QUIET, [Cutting(engine)], engine)
    cut = [each for each in read_run(tmp_path / "cut").events if isinstance(each, EpochEnd)]
    assert [each.epoch for each in cut] == [1, 2, 3]
    assert cut[-1].programs == cut[-2].programs  # no program is made once the flag is raised
    assert latest(tmp_path / "cut").checkpoint.snapshot.state.epoch < 3
    resume_folder(tmp_path / "cut", [], False, 2, QUIET)
    assert state_digest(tmp_path / "cut") == state_digest(tmp_path / "whole")
    assert timeless(read_run(tmp_path / "cut").events) == timeless(read_run(tmp_path / "whole").events)


def test_a_population_that_cannot_be_scored_in_time_is_reported() -> None:
    engine = ThreadEngine(1)
    engine.stop.set()
    with pytest.raises(ConfigError, match=r"stop\.max_seconds = 5\.0 is over before the first programs are scored"):
        Run(small_config(stop={"max_seconds": 5.0}), engine=engine)


def test_a_run_without_time_to_score_has_no_result_and_says_how_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(ThreadEngine, "score", stopped)
        with pytest.raises(RunCutError, match=r"before any program was scored .* continue it with 'automl-zero resume"):
            run_to_folder(small_config(), tmp_path / "run", 1, QUIET)
    assert "not complete" in (tmp_path / "run" / "report.txt").read_text()
    resume_folder(tmp_path / "run", [], False, 1, QUIET)
    run_to_folder(small_config(), tmp_path / "whole", 1, QUIET)
    assert state_digest(tmp_path / "run") == state_digest(tmp_path / "whole")
