"""The console for output in colours: Rich's, but text is cleaned, and a failed write ends nothing.

Control sequences that Rich makes itself, for colours and the cursor, are written; those within text are replaced.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from automl_zero.terminal.output import tolerant
from automl_zero.terminal.printable import printable


class SafeConsole(Console):
    """A console for text that may be untrusted, with an output that may fail (``output.TolerantStream``)."""

    @property
    def file(self) -> IO[str]:
        """The tolerant stream that the console writes to."""
        output: IO[str] = tolerant(super().file)
        return output

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        self._file = new_file

    def render_str(self, text: str, **how: Any) -> Text:
        """Clean text before it is laid out, so that columns keep their widths."""
        return super().render_str(printable(text), **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Clean all segments that are about to be written."""
        return map(_cleaned, super().render(renderable, options))


def _cleaned(segment: Segment) -> Segment:
    if segment.control:  # control sequences are made by Rich alone
        return segment
    return Segment(printable(segment.text), segment.style)
