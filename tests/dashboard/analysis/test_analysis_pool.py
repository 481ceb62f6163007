"""Analysis of programs in a separate process: replies, limits, and that no program blocks others."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.dashboard.client import OPENED, client
from support.runs.commands import wait_until
from support.runs.sample_events import EPOCH, improvement
from support.runs.small_config import small_config

from automl_zero.dashboard.analysis import analysis_pool
from automl_zero.dashboard.analysis.analysis_pool import AnalysisPool, AnalysisRequest, BusyError
from automl_zero.program.library import library_program
from automl_zero.program.text import to_text
from automl_zero.run.record.events import to_json
from automl_zero.run.record.run_folder import RunFolder

LINEAR = to_text(library_program("linear_regression"))
ASKED = AnalysisRequest(LINEAR, "", multiclass=False, loss="rmse")
SLOW = "import sys, time; print(flush=True); sys.stdin.readline(); print('[]', flush=True); time.sleep(600)"
GREEDY = "print(flush=True); input(); raise SystemExit(1)"


@pytest.fixture
def asked() -> Iterator[AnalysisPool]:
    each = AnalysisPool()
    yield each
    each.close()


def use(monkeypatch: pytest.MonkeyPatch, code: str, seconds: float = 0.5) -> None:
    """Replace the analysis process by another one."""
    monkeypatch.setattr(analysis_pool, "COMMAND", (sys.executable, "-c", code))
    monkeypatch.setattr(analysis_pool, "SECONDS", seconds)


def test_lines_and_techniques_are_found(asked: AnalysisPool) -> None:
    reply = asked.analyze(ASKED)
    assert [each["name"] for each in reply.techniques][:1] == ["linear model"]
    assert "def Predict():" in [text for _, text in reply.lines]
    assert reply.remark == ""
    changed = AnalysisRequest(LINEAR, LINEAR.replace("dot", "dot"), multiclass=False, loss=None)
    assert {mark for mark, _ in asked.analyze(changed).lines} == {" "}


def test_a_text_that_is_no_program_is_shown_as_it_is(asked: AnalysisPool) -> None:
    reply = asked.analyze(AnalysisRequest("<script>\nx", "", multiclass=True, loss=None))
    assert (reply.lines, reply.techniques, reply.remark) == ([[" ", "<script>"], [" ", "x"]], [], "")


def test_the_analysis_process_needs_no_compiler() -> None:
    code = (
        "import automl_zero.dashboard.analysis.analysis_worker, sys; "
        "assert not {'numba', 'llvmlite', 'uvicorn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_program_that_takes_too_long_does_so_once(asked: AnalysisPool, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, SLOW)
    assert asked.analyze(ASKED) == analysis_pool.AnalysisReply([], [], "this program takes too long to be analyzed")
    began = time.monotonic()
    asked.analyze(ASKED)
    assert time.monotonic() - began < 0.4
    monkeypatch.undo()
    assert asked.analyze(AnalysisRequest(LINEAR, "", multiclass=False, loss=None)).techniques  # by another process


def test_a_program_that_takes_too_much_is_shown_and_said_to(
    asked: AnalysisPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, GREEDY, seconds=60)
    reply = asked.analyze(ASKED)
    assert reply.remark == "this program takes too much memory to be analyzed"
    assert [text for _, text in reply.lines] == LINEAR.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="the bound is of Linux")
def test_the_analysis_process_may_not_take_all_memory() -> None:
    imports = "from automl_zero.dashboard.analysis.analysis_worker import _limit_resources, MEMORY"
    code = f"{imports}; _limit_resources(); bytearray(MEMORY)"
    reply = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "MemoryError" in reply.stderr


def test_a_text_that_is_too_long_is_cut_and_analyzed_by_nobody(
    asked: AnalysisPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, "raise SystemExit(1)")
    reply = asked.analyze(
        AnalysisRequest("x" * 1000 + "\n" * analysis_pool.LONGEST_PROGRAM, "", multiclass=False, loss=None)
    )
    assert "too long to be analyzed" in reply.remark
    assert len(reply.lines) == analysis_pool.MAX_LINES
    assert reply.lines[0] == (" ", "x" * analysis_pool.LONGEST_LINE)


def test_only_a_few_wait_and_others_are_asked_to_come_again(
    asked: AnalysisPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, SLOW)
    reply: list[object] = []

    def ask(number: int) -> None:
        try:
            reply.append(asked.analyze(AnalysisRequest(f"{LINEAR}#{number}", "", multiclass=False, loss=None)))
        except BusyError as error:
            reply.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(isinstance(each, BusyError) for each in reply) == 10 - analysis_pool.MAX_REQUESTS


def test_closed_while_it_answers_it_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, SLOW, seconds=60)
    closed, errors = AnalysisPool(), list[str]()

    def ask() -> None:
        try:
            closed.analyze(ASKED)
        except BusyError as error:
            errors.append(str(error))

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: closed._process)
    time.sleep(0.3)
    closed.close()
    asking.join(5)
    assert errors == ["the server is shutting down"]
    with pytest.raises(BusyError):
        closed.analyze(AnalysisRequest("x", "", multiclass=False, loss=None))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")
def test_the_process_ends_with_a_server_that_was_killed() -> None:
    code = (
        "import os, signal; from automl_zero.dashboard.analysis.analysis_pool import *; a = AnalysisPool();"
        f"a.analyze(AnalysisRequest({LINEAR!r}, '', False, None)); print(a._process.pid, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    reply = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert reply.returncode == -9
    wait_until(lambda: not psutil.pid_exists(int(reply.stdout)))


def test_while_a_program_is_analyzed_runs_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    RunFolder.create(tmp_path / "one", small_config())
    (tmp_path / "one" / "events.jsonl").write_text(
        "".join(f"{to_json(each)}\n" for each in [improvement(9, 0.5), EPOCH])
    )
    use(monkeypatch, SLOW, seconds=60)
    page, reply = client(tmp_path), list[int]()
    asking = threading.Thread(target=lambda: reply.append(page.get("/api/program?id=0/one").status_code))
    asking.start()
    wait_until(lambda: OPENED[-1].analysis_pool._process)
    time.sleep(0.3)
    for path in ("runs", "run?id=0/one", "about?id=0/one"):
        assert page.get(f"/api/{path}").status_code == 200
    assert reply == []
    OPENED[-1].close()
    asking.join()
    assert reply == [202]
