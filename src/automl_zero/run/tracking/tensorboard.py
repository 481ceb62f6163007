"""The tracker for TensorBoard: event files in the run folder, for ``tensorboard --logdir RUN/tensorboard``.

The step of a value is the number of programs. Where a run resumes from a checkpoint, later values of earlier files are
marked as void.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl_zero.config import Config
from automl_zero.run.record.folder_files import read
from automl_zero.run.record.run_folder import REPORT
from automl_zero.run.tracking.tracker import Tracker

MAX_REPORT = 1 << 24  # bytes


class TensorBoardTracker(Tracker):
    """Writes event files; each start or resume of a run adds one."""

    name = "tensorboard"
    _writer: Any = None
    _is_marked = False

    def begin(self, config: Config) -> None:
        """Open an event file."""
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._writer = EventFileWriter(str(self.folder), flush_secs=5)
        self.text("config", config.to_toml(), 0)

    def numbers(self, values: Mapping[str, float], programs: int) -> None:
        """Write a point of a curve for each value."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        points = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._mark(programs)
        self._write(programs, summary=Summary(value=points))

    def text(self, name: str, text: str, programs: int) -> None:
        """Write a text verbatim: indented, since TensorBoard renders Markdown."""
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.text.summary_v2 import text_pb

        indented = "".join(f"    {line}\n" for line in text.splitlines())
        found: Summary = text_pb(name, indented)
        self._write(programs, summary=found)

    def end(self, files: Sequence[Path]) -> None:
        """Write the report, and flush the file; the other files of the run are next to it anyway."""
        for file in files:
            if file.name == REPORT:
                self.text("report", read(self.run_folder, REPORT, MAX_REPORT).decode(), self._programs)
        self._writer.close()

    def _mark(self, programs: int) -> None:
        """Write a start mark once per file: it makes later points of earlier files void."""
        from tensorboard.compat.proto.event_pb2 import SessionLog

        if not self._is_marked:
            self._is_marked = True
            self._write(programs, session_log=SessionLog(status=SessionLog.START))

    def _write(self, programs: int, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._writer.add_event(Event(wall_time=time.time(), step=programs, **content))
