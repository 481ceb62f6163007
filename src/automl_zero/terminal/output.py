"""Standard output and standard error: text is cleaned, and a failed write ends nothing.

This is the only module that writes to them; ``safe_console`` adds colours. Characters that control a terminal are
replaced (``printable``). A stream may fail while it is written to: a pipe without a reader, a full disk, a closed
terminal. Everything written to it from then on is dropped without an error, so that a run is not lost with its output.
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
GONE = (errno.EPIPE, errno.EIO)  # errors of a stream whose reader is gone, or whose terminal was closed


class TolerantStream:
    """A text stream whose first failed write is remembered and not raised; other methods are those of the stream.

    Attributes:
        failure: the error of the failed write, after which text is dropped; None before.
    """

    def __init__(self, stream: TextIO | NullStream) -> None:
        self._stream = stream
        self.failure: Exception | None = None

    def write(self, text: str) -> int:
        """Write text, with a question mark for each character that the encoding lacks; return its length."""
        if self.failure is None:
            try:
                self._stream.write(self._encodable(text))
            except (OSError, ValueError) as error:  # ValueError: the stream was closed
                self.failure = error
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self.failure = self.failure or error

    def _encodable(self, text: str) -> str:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        return text.encode(encoding, "replace").decode(encoding)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class NullStream(io.TextIOBase):
    """Replaces a standard stream that was closed before the process began."""

    def write(self, text: str) -> int:
        """Drop the text; return its length."""
        return len(text)


class CleanedStream:
    """Replaces a standard stream, so that all text is cleaned, that of tracebacks and warnings included.

    Attributes:
        rich_proxied_file: the stream below, which Rich writes its own control sequences to.
    """

    def __init__(self, output: TolerantStream) -> None:
        self.rich_proxied_file = output

    def write(self, text: str) -> int:
        """Write the cleaned text; return its length."""
        return self.rich_proxied_file.write(printable(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


def guard_standard_streams() -> None:
    """Replace the standard streams of this process by cleaned and tolerant ones."""
    for number in range(3):
        _occupy(number)
    sys.stdout = _guarded(sys.stdout)
    sys.stderr = _guarded(sys.stderr)


def echo(text: str = "", *, end: str = "\n", err: bool = False) -> None:
    """Print cleaned text to standard output or standard error."""
    output = tolerant(sys.stderr if err else sys.stdout)
    output.write(printable(f"{text}{end}"))
    output.flush()


def tolerant(stream: Any) -> Any:
    """Return the tolerant stream below all wrappers of a stream; None counts as a closed stream."""
    while proxied := getattr(stream, "rich_proxied_file", None):
        stream = proxied
    return stream if isinstance(stream, TolerantStream) else TolerantStream(NullStream() if stream is None else stream)


def unwritten_reason() -> str | None:
    """Return why standard output is incomplete; None if all was written, or its reader is gone."""
    error = getattr(sys.stdout, "failure", None)
    if isinstance(error, OSError) and error.errno not in GONE:
        return error.strerror or str(error)
    return None


def end_process(code: int) -> NoReturn:
    """End the process at once, whatever its threads are doing; a hidden cursor of a terminal is shown again."""
    for stream in map(tolerant, (sys.stdout, sys.stderr)):
        if stream.isatty():
            stream.write(SHOW_CURSOR)
        stream.flush()
    os._exit(code)


def _guarded(stream: Any) -> Any:
    return stream if isinstance(stream, CleanedStream) else CleanedStream(tolerant(stream))


def _occupy(number: int) -> None:
    """Occupy the descriptor of a standard stream that was closed, so that no file of a run gets its number."""
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
