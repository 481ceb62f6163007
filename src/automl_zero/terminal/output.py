"""Standard output and standard error: what is written to them is cleaned, and never the end of a run.

This is the one place where they are written to; ``console`` adds colours. Text loses what commands a terminal
(``printable``). An output may go away while it is written to: a pipe that nobody reads any more, a full disk, a
terminal that was closed. What it does not take is dropped from then on, and no error comes of it.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from automl_zero.terminal.printable import printable

if TYPE_CHECKING:
    from typing import TextIO

SHOW_CURSOR = "\x1b[?25h"
GONE = (errno.EPIPE, errno.EIO)  # of an output whose reader has left, or whose terminal was closed


class Output:
    """A text stream that may go away. All but writing is that of the stream itself.

    Attributes:
        lost: why it takes no more; None as long as it does.
    """

    def __init__(self, stream: TextIO | Nowhere) -> None:
        self._stream = stream
        self.lost: Exception | None = None

    def write(self, text: str) -> int:
        """Write text, with a question mark for each character that the stream's encoding lacks; gives its length."""
        if self.lost is None:
            try:
                self._stream.write(self._encodable(text))
            except (OSError, ValueError) as error:  # ValueError: the stream was closed
                self.lost = error
        return len(text)

    def flush(self) -> None:
        """Hand over what was written."""
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self.lost = self.lost or error

    def _encodable(self, text: str) -> str:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        return text.encode(encoding, "replace").decode(encoding)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Nowhere(io.TextIOBase):
    """In place of a standard stream that was closed before the process began."""

    def write(self, text: str) -> int:
        """Drop the text; gives its length."""
        return len(text)


class Plain:
    """In place of a standard stream: whoever writes to it, such as a traceback or a warning, writes cleaned text.

    Attributes:
        rich_proxied_file: what consoles of Rich write to, whose colours stay.
    """

    def __init__(self, output: Output) -> None:
        self.rich_proxied_file = output

    def write(self, text: str) -> int:
        """Write the text as a terminal may show it; gives its length."""
        return self.rich_proxied_file.write(printable(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


def guard() -> None:
    """Let the standard streams of this process, which does a command, be cleaned ones that may go away."""
    for number in range(3):
        _occupy(number)
    sys.stdout = _guarded(sys.stdout)
    sys.stderr = _guarded(sys.stderr)


def echo(text: str = "", *, end: str = "\n", err: bool = False) -> None:
    """Print text as a terminal may show it, to standard output or to standard error."""
    output = surviving(sys.stderr if err else sys.stdout)
    output.write(printable(f"{text}{end}"))
    output.flush()


def surviving(stream: Any) -> Any:
    """The stream as one that may go away, below all that stands in its place."""
    while proxied := getattr(stream, "rich_proxied_file", None):
        stream = proxied
    return stream if isinstance(stream, Output) else Output(Nowhere() if stream is None else stream)


def unwritten() -> str | None:
    """Why standard output lacks something that somebody waits for; None if all was written, or nobody reads it."""
    error = getattr(sys.stdout, "lost", None)
    if isinstance(error, OSError) and error.errno not in GONE:
        return error.strerror or str(error)
    return None


def end_process(code: int) -> NoReturn:
    """End the process at once, whatever its threads are doing; on a terminal, a cursor that was hidden comes back."""
    for stream in map(surviving, (sys.stdout, sys.stderr)):
        if stream.isatty():
            stream.write(SHOW_CURSOR)
        stream.flush()
    os._exit(code)


def _guarded(stream: Any) -> Any:
    return stream if isinstance(stream, Plain) else Plain(surviving(stream))


def _occupy(number: int) -> None:
    """Make sure that no file of a run gets the number of a standard stream that was closed before the process began."""
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
