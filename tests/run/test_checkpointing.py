from __future__ import annotations

from pathlib import Path

import pytest
from support.runs.small_config import small_config

from automl_zero.config import Config
from automl_zero.run.checkpoint.manager import Checkpoints, latest
from automl_zero.run.checkpointing import Checkpointing, Reported
from automl_zero.run.experiment_pool import ExperimentPool
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.record.callbacks import Callback, Callbacks
from automl_zero.run.record.run_clock import RunClock
from automl_zero.run.record.run_folder import RunFolder
from automl_zero.run.select_stage import SelectStage
from automl_zero.run.stop_control import StopControl
from automl_zero.vm.stop_flag import StopFlag


def new(config: Config, files: Checkpoints | None = None, callbacks: Callbacks | None = None) -> Checkpointing:
    pool = ExperimentPool(config, None, ThreadEngine(1))
    pool.start_next()
    stage = SelectStage(config, StopControl(None, StopFlag()))
    return Checkpointing(config, pool, stage, RunClock(), files, callbacks or Callbacks([]))


def test_a_search_that_was_restored_has_the_state_that_was_taken() -> None:
    config = small_config(seed=3)
    first, second = new(config), new(config)
    first._pool.active[0].run_epoch(None)
    first.reported = Reported(4, 0.5)
    taken = first.snapshot()
    assert second.snapshot().digest != taken.digest
    second.restore(taken)
    assert second.snapshot().digest == taken.digest
    assert second.reported == Reported(4, 0.5)


def test_within_an_epoch_a_snapshot_holds_what_was_reported_before_it() -> None:
    taking = new(small_config())
    taking.reported = Reported(4, 0.5)
    taking.begin_epoch()
    taking.reported.num_events, taking.reported.best_fitness = 6, 0.75
    assert (taking.snapshot().state.num_events, taking.snapshot().state.best_fitness) == (6, 0.75)
    taking._pool.active[0].run_epoch(3)
    assert (taking.snapshot().state.num_events, taking.snapshot().state.best_fitness) == (4, 0.5)


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_due_checkpoint_is_written_and_announced_unless_an_epoch_was_cut(is_cut: bool, tmp_path: Path) -> None:
    paths: list[Path] = []

    class Listener(Callback):
        def on_checkpoint(self, path: Path) -> None:
            paths.append(path)

    config = small_config(checkpoint={"every_epochs": 1})
    RunFolder.create(tmp_path / "run", config)
    writing = new(config, Checkpoints(tmp_path / "run", config.checkpoint), Callbacks([Listener()]))
    writing._pool.active[0].archipelago.is_cut = is_cut
    writing.write_if_due()
    assert len(paths) == (0 if is_cut else 1)
    if not is_cut:
        assert latest(tmp_path / "run").checkpoint.snapshot.digest == writing.snapshot().digest
