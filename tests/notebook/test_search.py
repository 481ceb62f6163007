from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.runs.small_config import small_config, small_file

from automl_zero import Search
from automl_zero.notebook.html_view import view_html
from automl_zero.notebook.live_output import LiveOutput, notebook_handle
from automl_zero.notebook.result import result_of
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import EpochEnd
from automl_zero.run.run import Run

HOSTILE = "<script>alert(1)</script>"


class FakeHandle:
    def __init__(self) -> None:
        self.shown: list[str] = []

    def update(self, data: Any, /, *, raw: bool) -> None:
        assert raw
        self.shown.append(data["text/html"])


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


def test_the_view_is_redrawn_at_most_four_times_a_second() -> None:
    handle, now = FakeHandle(), [0.0]
    view = LiveOutput(small_config(), handle, lambda: now[0])
    events = list(Run(small_config(), callbacks=[view]).iter_events())
    assert len(events) > 5
    assert len(handle.shown) == 2
    epoch = next(each for each in events if isinstance(each, EpochEnd))
    now[0] = 0.3
    view.on_epoch(epoch)
    assert len(handle.shown) == 3


def test_only_a_shell_with_a_kernel_is_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace()))
    assert notebook_handle() is None


def test_names_are_escaped() -> None:
    config = small_config().model_copy(update={"name": HOSTILE})
    pages = [view_html(Progress(config)), result_of(config, list(Run(config).iter_events()))._repr_html_()]
    assert all("<script>" not in page and "&lt;script&gt;" in page for page in pages)


def test_ipython_is_offered_html(tmp_path: Path) -> None:
    code = f"""if True:
        from IPython.core.interactiveshell import InteractiveShell
        from automl_zero import Search
        shell = InteractiveShell.instance()
        found = Search({str(small_file(tmp_path))!r}).run()
        print(shell.display_formatter.format(found)[0]["text/html"])"""
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert "<svg" in done.stdout
