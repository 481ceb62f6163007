from __future__ import annotations

import ast
import errno
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_zero.system.cache_dir import PACKAGE
from automl_zero.terminal.output import CleanedStream, TolerantStream, echo, tolerant, unwritten_reason
from automl_zero.terminal.printable import COMMANDS, MARK

HOSTILE = "a\x1b]0;OWNED\x07\x9bb\udcff"


class Failing(io.StringIO):
    """A stream that takes no more after so many writes."""

    def __init__(self, error: Exception, takes: int = 0) -> None:
        super().__init__()
        self.error, self.takes, self.asked = error, takes, 0

    def write(self, text: str) -> int:
        self.asked += 1
        if self.asked > self.takes:
            raise self.error
        return super().write(text)


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_that_is_echoed_commands_the_terminal(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, err in (("stdout", False), ("stderr", True)):
            patch.setattr(sys, name, io.StringIO(newline=""))
            echo(text, err=err)
            assert getattr(sys, name).getvalue() == COMMANDS.sub(MARK, text) + "\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_the_encoding_lacks_is_marked(encoding: str) -> None:
    content = io.BytesIO()
    stream = CleanedStream(TolerantStream(io.TextIOWrapper(content, encoding)))
    stream.write("ä\u2713\udc80")
    stream.flush()
    assert content.getvalue() == "ä\u2713\ufffd".encode(encoding, "replace")


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(errno.ENOSPC, "full"), ValueError("closed file")])
def test_an_output_that_has_gone_away_is_not_asked_again(error: Exception) -> None:
    stream = Failing(error, takes=1)
    output = TolerantStream(stream)
    assert [output.write("ab"), output.write("cd"), output.write("ef")] == [2, 2, 2]
    assert (stream.getvalue(), stream.asked, output.failure) == ("ab", 2, error)


def test_other_errors_than_those_of_an_output_are_faults_of_ours() -> None:
    with pytest.raises(KeyError):
        TolerantStream(Failing(KeyError())).write("a")


def test_consoles_write_through_what_stands_in_place_of_a_stream() -> None:
    output = TolerantStream(io.StringIO())
    assert tolerant(CleanedStream(output)) is output
    assert tolerant(output) is output
    assert tolerant(None).write("nowhere") == 7


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "no space"), "no space"),
        (BrokenPipeError(errno.EPIPE, "pipe"), None),
        (OSError(errno.EIO, "terminal"), None),
        (ValueError("closed file"), None),
    ],
)
def test_output_counts_as_unwritten_where_somebody_waits_for_it(
    error: Exception, reason: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", CleanedStream(TolerantStream(Failing(error))))
    assert unwritten_reason() is None
    echo("a")
    assert unwritten_reason() == reason


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_module_names_what_prints_without_cleaning(file: Path) -> None:
    found = [node for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Name)]
    assert "print" not in [node.id for node in found]
