"""A search in the kernel of a real notebook: what is shown, what an interrupt does, and that the kernel lives on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel
from jupyter_core.utils import ensure_event_loop
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from support.runs.commands import wait_until
from support.runs.small_config import small_config, small_file

from automl_zero.run.record.events import Stop
from automl_zero.run.record.run_folder import read_run

LONGEST = 120  # seconds that a cell may take


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """And an end of the event loop, which Jupyter leaves open."""
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    yield
    ensure_event_loop().close()


@pytest.fixture
def kernel() -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_notebook_shows_the_search_and_its_result(tmp_path: Path) -> None:
    search = f"from automl_zero import Search\nfound = Search({str(small_file(tmp_path))!r}).run()"
    cells = (search, "found", "found.program", "found.figures['course']", "found.figures")
    notebook = new_notebook(cells=[new_code_cell(each) for each in cells])
    NotebookClient(notebook, timeout=LONGEST, kernel_name="python3").execute()
    (view,), (result,), (program,), (figure,), (figures,) = (each.outputs for each in notebook.cells)
    assert view.output_type == "display_data"
    for part in ("small, seed 0", "programs/s", "<svg", "<b>def Learn():</b>"):
        assert part in view.data["text/html"]
    assert "final fitness" in result.data["text/html"]
    assert "<b>def Learn():</b>" in program.data["text/html"]
    assert figure.data["text/html"].count("<svg") == 1
    assert "Chart(" in figure.data["text/plain"]
    assert figures.data["text/html"].count("<svg") == figures.data["text/html"].count("<h4>") > 3


def test_an_interrupt_ends_the_search_with_its_result_and_not_the_kernel(kernel: Any, tmp_path: Path) -> None:
    manager, client = kernel
    endless = small_config(stop={"max_programs": None, "max_seconds": 600.0}, checkpoint={"every_seconds": 0.01})
    (tmp_path / "endless.toml").write_text(endless.to_toml())
    out, outputs = tmp_path / "run", []
    code = f"""from automl_zero import Search
found = Search({str(tmp_path / "endless.toml")!r}, out={str(out)!r}).run()
print(found.complete, sorted(found.scores))"""

    def interrupt() -> None:
        wait_until(lambda: checkpoints(out))
        manager.interrupt_kernel()
        ensure_event_loop().close()  # that of this thread

    thread = threading.Thread(target=interrupt)
    thread.start()
    reply = client.execute_interactive(code, timeout=LONGEST, output_hook=outputs.append)
    thread.join()
    assert reply["content"]["status"] == "ok", outputs
    printed = "".join(each["content"].get("text", "") for each in outputs)
    assert printed == "True ['final', 'search', 'select']\n", outputs
    stop = read_run(out).events[-1]
    assert isinstance(stop, Stop)
    assert stop.reason == "interrupted"
    assert checkpoints(out)
    assert client.execute_interactive("1 + 1", timeout=LONGEST)["content"]["status"] == "ok"
    assert manager.is_alive()


def checkpoints(out: Path) -> list[Path]:
    """The checkpoints of a run."""
    return list((out / "checkpoints").glob("*"))
