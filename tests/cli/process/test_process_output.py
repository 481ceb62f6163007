"""The command where its output goes nowhere: a run ends well all the same, and no name commands the terminal."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest
from support.runs.commands import COMMAND, wait_until
from support.runs.invocations import COMPLETE

from automl_zero.terminal.printable import MARK

HOSTILE = "evil\x1b]0;OWNED\x07\x9b"


def in_shell(redirection: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Do a command with its output redirected by a shell."""
    command = ["bash", "-c", f'"$@" {redirection}', "bash", *COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def is_complete(folder: Path) -> bool:
    return {each.name for each in folder.iterdir()} >= {*COMPLETE} and bool(list((folder / "checkpoints").iterdir()))


@pytest.mark.parametrize(
    "redirection",
    [">/dev/full", "2>/dev/full", ">/dev/full 2>&1", ">&-", "2>&-", "<&- >&- 2>&-"],
)
@pytest.mark.parametrize("options", [(), ("--json",), ("--quiet",)], ids=["", "JSON", "quiet"])
def test_a_run_does_not_depend_on_its_output(small: Path, redirection: str, options: tuple[str, ...]) -> None:
    done = in_shell(redirection, "run", small, "--out", "made", *options)
    assert (done.returncode, "rror" in done.stderr, "Exception" in done.stderr) == (0, False, False)
    assert is_complete(Path("made"))


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["", "JSON"])
def test_a_run_outlives_the_reader_of_its_output(small: Path, options: tuple[str, ...]) -> None:
    end, write = os.pipe()
    os.close(end)
    command = [*COMMAND, "run", small, "--out", "made", *options]
    with subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, text=True) as process:
        os.close(write)
        output = process.communicate()[1]
    assert process.returncode == 0
    assert "rror" not in output
    assert is_complete(Path("made"))


def begun_on_terminal(*arguments: object) -> tuple[int, int]:
    """The number of a process whose terminal is a new one, and the other end of that terminal."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ["TERM"] = "xterm-256color"
        command = [*COMMAND, *map(str, arguments)]
        os.execv(command[0], command)  # noqa: S606
    return process, terminal


def exit_code(process: int) -> int:
    """Of a process, once it ends."""
    found: list[int] = []

    def has_ended() -> bool:
        number, status = os.waitpid(process, os.WNOHANG)
        found.append(os.waitstatus_to_exitcode(status) if number else 0)
        return number != 0

    wait_until(has_ended)
    return found[-1]


def test_a_run_outlives_its_terminal(small: Path) -> None:
    limits = ("--set", "stop.max_programs=none", "--set", "stop.max_seconds=3", "--set", "stop.max_experiments=none")
    process, terminal = begun_on_terminal("run", small, "--out", "made", *limits)
    assert os.read(terminal, 1)
    events = Path("made/events.jsonl")
    wait_until(lambda: events.exists() and '"epoch"' in events.read_text(encoding="utf-8"))
    assert '"stop"' not in events.read_text(encoding="utf-8")
    os.close(terminal)
    assert exit_code(process) == 0
    assert is_complete(Path("made"))
    assert '"reason":"stop.max_seconds"' in events.read_text(encoding="utf-8").replace('": "', '":"')


@pytest.mark.parametrize(
    ("redirection", "code", "output"),
    [
        (">/dev/full", 1, "error: the output could not be written (No space left on device)"),
        ("2>/dev/full", 0, ""),
        (">&-", 0, ""),
        ("| (exec <&-; sleep .2); exit ${PIPESTATUS[0]}", 0, ""),
    ],
    ids=["full disk", "errors to a full disk", "closed", "pipe that nobody reads"],
)
def test_what_is_shown_and_cannot_be_written_is_an_error_where_somebody_waits_for_it(
    redirection: str, code: int, output: str
) -> None:
    done = in_shell(redirection, "ops", "--json")
    assert (done.returncode, done.stderr.partition(":")[0]) == (code, output.partition(":")[0])
    assert done.stderr.startswith(output)


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", HOSTILE),
        ("run", HOSTILE),
        ("run", "linear", f"--{HOSTILE}"),
        ("run", "linear", "--engine", HOSTILE),
        ("run", "linear", HOSTILE),
        ("tasks", HOSTILE),
        (HOSTILE,),
        (f"--{HOSTILE}",),
        ("run", "linear", "--set", HOSTILE),
        ("evaluate", HOSTILE, "--suite", "linear"),
        ("run", "table", "--data", f"{HOSTILE}.csv"),
        ("data", "get", HOSTILE),
    ],
)
def test_no_argument_commands_the_terminal(arguments: tuple[str, ...]) -> None:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"OWNED" in done.stdout + done.stderr
    assert not any(sign in done.stdout + done.stderr for sign in (b"\x1b", b"\x07", "\x9b".encode()))


TRACEBACK = (
    "import warnings; from automl_zero.terminal.output import guard_standard_streams; guard_standard_streams(); "
    "text = 'a\\x1b]0;OWNED\\x07'"
)
THREAD = "import threading; thread = threading.Thread(target=lambda: 1 / 0 if not text else {}[text])"


@pytest.mark.parametrize(
    "code",
    ["raise ValueError(text)", "warnings.warn(text)", "print(text)", f"{THREAD}; thread.start(); thread.join()"],
    ids=["traceback", "warning", "print of a library", "traceback of a thread"],
)
def test_what_others_write_is_cleaned_too(code: str) -> None:
    done = subprocess.run([COMMAND[0], "-c", f"{TRACEBACK}; {code}"], capture_output=True, check=False)
    output = done.stdout + done.stderr
    assert b"OWNED" in output
    assert b"\x1b" not in output


def shown_on_terminal(*arguments: object) -> str:
    """All that a command shows on a terminal."""
    process, terminal = begun_on_terminal(*arguments)
    output = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end was closed
            break
        if not part:
            break
        output += part
    os.waitpid(process, 0)
    os.close(terminal)
    return output.decode()


def test_on_a_terminal_there_are_colours_and_a_picture_that_moves(small: Path) -> None:
    assert "\x1b[?25l" in shown_on_terminal("run", small, "--out", "made")
    assert "\x1b[1mdef Predict\x1b[0m" in shown_on_terminal("show", "made")
    assert "\x1b[" in shown_on_terminal("--help")
    assert MARK not in shown_on_terminal("show", "made")
