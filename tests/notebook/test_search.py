from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support.runs.small_config import small_config, small_file

from automl_zero import Search
from automl_zero.notebook.result import result_of
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import EpochEnd
from automl_zero.run.run import Run


class Signal(Callback):
    def on_epoch(self, _: EpochEnd) -> None:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_search_gives_what_a_run_gives(is_kept: bool, tmp_path: Path) -> None:
    config = small_config(seed=1)
    out = tmp_path / "run" if is_kept else None
    found = Search(str(small_file(tmp_path)), seed=1, out=out).run()
    assert found == result_of(config, list(Run(config).iter_events()))
    assert found.complete
    assert (tmp_path / "run").exists() == is_kept


def test_an_interrupt_gives_a_complete_result(tmp_path: Path) -> None:
    found = Search(str(small_file(tmp_path)), ["stop.max_programs=1000000"], callbacks=[Signal()]).run()
    assert found.complete
    assert "final" in found.scores
