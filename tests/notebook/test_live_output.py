"""The live view of a notebook."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from support.runs.small_config import small_config

from automl_zero.notebook.live_output import LiveOutput, notebook_handle
from automl_zero.run.record.events import EpochEnd
from automl_zero.run.run import Run


class FakeHandle:
    def __init__(self) -> None:
        self.shown: list[str] = []

    def update(self, data: Any, /, *, raw: bool) -> None:
        assert raw
        self.shown.append(data["text/html"])


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
