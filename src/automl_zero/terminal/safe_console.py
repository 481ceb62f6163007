"""The console that all of the project prints on in colours: Rich's, but text is cleaned, and no output ends a run.

Colours and the moves of the cursor are Rich's own and stay; whatever a text holds that commands a terminal does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from automl_zero.terminal.output import surviving
from automl_zero.terminal.printable import printable


class SafeConsole(Console):
    """A console to which text of strangers may be printed, and whose output may go away (``terminal.Output``)."""

    @property
    def file(self) -> IO[str]:
        """The output."""
        output: IO[str] = surviving(super().file)
        return output

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        self._file = new_file

    def render_str(self, text: str, **how: Any) -> Text:
        """Clean text before it is laid out, so that columns keep their widths."""
        return super().render_str(printable(text), **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Clean all that is about to be written."""
        return map(_cleaned, super().render(renderable, options))


def _cleaned(segment: Segment) -> Segment:
    if segment.control:  # made by Rich alone
        return segment
    return Segment(printable(segment.text), segment.style)
