"""The command ``show``: the report of a run, finished or not."""

from __future__ import annotations

import json
from pathlib import Path

from support.runs.invocations import invoke


def test_show_repeats_the_report_and_the_json_of_a_run(small: Path) -> None:
    made = invoke("run", small, "--json", "--quiet")
    folder = Path("runs/small-seed-0")
    assert invoke("show", folder).stdout == (folder / "report.txt").read_text()
    assert json.loads(invoke("show", folder, "--json").stdout) == json.loads(made.stdout)


def test_show_reads_a_run_that_is_not_complete(small: Path) -> None:
    invoke("run", small)
    events = Path("runs/small-seed-0/events.jsonl")
    events.write_text("\n".join(events.read_text().splitlines()[:4])[:-10])
    assert "not complete" in invoke("show", events.parent).stdout
    assert json.loads(invoke("show", events.parent, "--json").stdout)["result"] is None
