from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import pytest
from support.runs.saved_states import QUIET
from support.runs.small_config import small_config
from support.runs.timeless import timeless

from automl_zero.config import Config
from automl_zero.run.checkpoint.manager import Checkpoints
from automl_zero.run.record import callbacks
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import EpochEnd, Event, Final, Improvement, Selection, Stop
from automl_zero.run.resume import resume_folder
from automl_zero.run.run import Run
from automl_zero.run.session import run_to_folder

CONFIG = small_config(
    baselines={"names": []},
    islands={"migration_epochs": 2},
    checkpoint={"every_epochs": 3},
    stop={"max_programs": 660},  # with whole epochs
)
HOOKS = (
    "on_start",
    "on_migration",
    "on_epoch",
    "on_improvement",
    "on_selection",
    "on_final",
    "on_checkpoint",
    "on_stop",
    "on_recorded",
)


class Listener(Callback):
    """Writes down all that it is reported, and asks for the end in one of its methods."""

    def __init__(self, ends_in: str = "") -> None:
        self.heard: list[tuple[str, Any]] = []
        self._ends_in = ends_in

    def _note(self, hook: str, what: Any) -> bool:
        self.heard.append((hook, what))
        return hook == self._ends_in

    def on_start(self, config: Config) -> bool:
        return self._note("on_start", config)

    def on_migration(self, epoch: int) -> bool:
        return self._note("on_migration", epoch)

    def on_epoch(self, event: EpochEnd) -> bool:
        return self._note("on_epoch", event)

    def on_improvement(self, event: Improvement) -> bool:
        return self._note("on_improvement", event)

    def on_selection(self, event: Selection) -> bool:
        return self._note("on_selection", event)

    def on_final(self, event: Final) -> bool:
        return self._note("on_final", event)

    def on_checkpoint(self, path: Path) -> bool:
        return self._note("on_checkpoint", path)

    def on_stop(self, event: Stop) -> bool:
        return self._note("on_stop", event)

    def on_recorded(self, folder: Path) -> bool:
        return self._note("on_recorded", sorted(file.name for file in folder.iterdir()))


def listened(folder: Path, *listeners: Callback, config: Config = CONFIG) -> list[Event]:
    (folder / "events.jsonl").touch()
    return list(Run(config, checkpoints=Checkpoints(folder, config.checkpoint), callbacks=listeners).iter_events())


def test_a_listener_is_reported_all_that_happens(tmp_path: Path) -> None:
    events = listened(tmp_path, listener := Listener())
    kinds = {
        "on_epoch": EpochEnd,
        "on_improvement": Improvement,
        "on_selection": Selection,
        "on_final": Final,
        "on_stop": Stop,
    }
    for hook, kind in kinds.items():
        reported = [what for name, what in listener.heard if name == hook]
        assert reported == [event for event in events if isinstance(event, kind)] != []
    assert listener.heard[0] == ("on_start", CONFIG)
    assert [what for name, what in listener.heard if name == "on_migration"] == [2, 4]
    paths = [what.stem for name, what in listener.heard if name == "on_checkpoint"]
    assert paths == [f"experiment-000000-epoch-{epoch:09}" for epoch in (0, 3, 4)]


def test_migration_is_reported_before_the_epoch_and_a_checkpoint_after_it(tmp_path: Path) -> None:
    listened(tmp_path, listener := Listener())
    order = [name for name, _ in listener.heard if name in ("on_epoch", "on_migration", "on_checkpoint")]
    assert order[:6] == ["on_checkpoint", "on_epoch", "on_migration", "on_epoch", "on_epoch", "on_checkpoint"]


def test_a_listener_of_a_recorded_run_is_reported_when_all_is_in_the_folder(tmp_path: Path) -> None:
    record, go_on = Listener(), Listener()
    run_to_folder(CONFIG, tmp_path / "run", 1, QUIET, [record])
    resume_folder(tmp_path / "run", ["stop.max_programs=900"], False, 1, QUIET, [go_on])
    for listener in (record, go_on):
        hook, files = listener.heard[-1]
        assert (hook, "report.txt" in files) == ("on_recorded", True)
        assert listener.heard[-2][0] == "on_stop"
        assert sum(name == "on_start" for name, _ in listener.heard) == 1


def test_the_example_of_the_docs_holds() -> None:
    assert doctest.testmod(callbacks) == (0, 5)


def test_listeners_change_no_result(tmp_path: Path) -> None:
    assert timeless(listened(tmp_path, Listener(), Callback())) == timeless(Run(CONFIG).iter_events())


@pytest.mark.parametrize(
    ("hook", "epochs"), [("on_start", 0), ("on_epoch", 1), ("on_improvement", 0), ("on_migration", 2), ("on_stop", 4)]
)
def test_a_listener_ends_the_run_at_the_end_of_the_epoch(hook: str, epochs: int, tmp_path: Path) -> None:
    events = listened(tmp_path, Callback(), Listener(hook), Callback())
    assert sum(isinstance(event, EpochEnd) for event in events) == epochs
    stop = events[-1]
    assert isinstance(stop, Stop)
    assert stop.reason == ("stop.max_programs" if hook == "on_stop" else "interrupted")


def test_the_listener_above_hears_of_everything() -> None:
    assert set(HOOKS) == {name for name in vars(Callback) if name.startswith("on_")} == HOOKS_OF_LISTENER


HOOKS_OF_LISTENER = {name for name in vars(Listener) if name.startswith("on_")}
