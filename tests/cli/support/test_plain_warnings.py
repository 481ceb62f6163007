"""What is wrong with the machine is one plain line on stderr, and never ends a command."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from io import StringIO
from pathlib import Path

import pytest
from typer.testing import CliRunner

from automl_zero.cli import main
from automl_zero.cli.support.plain_warnings import plain_warnings
from automl_zero.system.cache_dir import CACHE_VARIABLE
from automl_zero.system.machine_warning import MachineWarning, forget_warnings, warn_once
from automl_zero.system.ownership import HAS_OWNERS

COMMAND = [sys.executable, "-c", "from automl_zero.cli import main; main()"]


def test_a_warning_is_a_line_that_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    forget_warnings()
    with plain_warnings():
        warn_once("folder", "nothing is cached in /tmp/\x1b[2Jfolder")
        warn_once("other", "nor here")
    assert capsys.readouterr().err == "warning: nothing is cached in /tmp/\ufffd[2Jfolder\nwarning: nor here\n"


def test_other_warnings_are_what_they_were() -> None:
    with pytest.raises(UserWarning, match="other"), plain_warnings():
        warnings.warn("other", stacklevel=1)
    with pytest.raises(MachineWarning):
        warnings.warn("as it was before", MachineWarning, stacklevel=1)
    with warnings.catch_warnings(record=True) as shown, plain_warnings():
        warnings.simplefilter("always")
        warnings.warn("shown as Python shows it", stacklevel=1)
    assert [str(each.message) for each in shown] == ["shown as Python shows it"]


def test_an_output_that_is_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    forget_warnings()
    with plain_warnings():
        warn_once("folder", "nothing is kept")


@pytest.mark.skipif(not HAS_OWNERS, reason="files have no owners here")
@pytest.mark.parametrize("python", [{}, {"PYTHONWARNINGS": "error"}, {"PYTHONOPTIMIZE": "2"}], ids=str)
def test_a_command_warns_of_a_folder_and_does_its_work(python: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    command = [*COMMAND, "evaluate", "linear_regression", "--suite", "linear-graphs"]
    environment = os.environ | {CACHE_VARIABLE: str(folder)} | python
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"warning: nothing is cached in {folder}: other users may write to {folder}; ")
    assert line.endswith(f"; {CACHE_VARIABLE} names another folder")
    assert "mean fitness" in done.stdout
    assert list(folder.iterdir()) == []


def test_what_needs_no_folder_warns_of_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, "/proc/nowhere")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["ops"])
    assert (result.exit_code, result.stderr) == (0, "")
