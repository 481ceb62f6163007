from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.runs.sample_events import EPOCH, after, improvement

from automl_zero.program.text import from_text
from automl_zero.run.console.progress import Progress
from automl_zero.run.console.summary import report, summary

FOLDER = Path("runs/my run")
PROGRAM = "def Setup():\n  s3 = 0.5\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n"
PRUNED = PROGRAM.replace("  s3 = 0.5\n", "")


def test_the_report_reports_all_that_came_of_a_run(complete: Progress) -> None:
    assert complete.final is not None
    text = report(complete, FOLDER)
    for part in (
        "small, seed 0: the best of 2 experiments\n",
        complete.final.pruned,
        "fitness, 1 - (2/pi) atan(RMSE), with the standard error over the tasks:",
        "ridge regression: penalty",
        "1,020 programs, ",
        "\nof the programs, ",
        "ended by: stop.max_experiments\n",
        "reproduce: automl-zero run 'runs/my run/config.toml' --out 'runs/my run-again'\n",
    ):
        assert part in text


def test_the_table_has_a_row_for_each_algorithm_and_a_column_for_each_stage(complete: Progress) -> None:
    lines = report(complete, FOLDER).splitlines()
    header = next(number for number, line in enumerate(lines) if line.split() == ["search", "select", "final"])
    rows = lines[header + 1 : header + 4]
    assert [row[:20].strip() for row in rows] == ["evolved", "ridge regression", "two-layer net"]
    assert all(row.count("±") == 3 for row in rows)
    assert all(len(line) <= 80 for line in lines[header - 1 : header + 4])


@pytest.mark.parametrize(
    ("learned", "sentence"),
    [(("v1", "m2"), "It learns: Learn updates v1, m2 from the label, and Predict"), ((), "It does not learn: ")],
)
def test_the_report_reports_whether_the_program_learns(
    learned: tuple[str, ...], sentence: str, complete: Progress
) -> None:
    assert complete.final is not None
    changed = after(EPOCH, replace(complete.final, learned=learned))
    assert sentence in report(changed, FOLDER)


@pytest.mark.parametrize("reason", ["stop.max_seconds", "interrupted"])
def test_a_run_that_the_clock_ended_is_repeated_by_its_number_of_programs(reason: str, complete: Progress) -> None:
    assert complete.stop is not None
    stopped = after(replace(complete.stop, reason=reason))
    assert "--set stop.max_seconds=none --set stop.max_programs=1020" in report(stopped, FOLDER)


def test_the_report_of_a_run_that_is_not_complete_shows_the_best_so_far() -> None:
    text = report(after(replace(improvement(10, 0.5), program=PROGRAM), EPOCH), FOLDER)
    assert text.startswith(f"small, seed 0: not complete, the best program so far\n\n{PRUNED}\n")
    assert "reproduce" not in text


def test_there_is_a_report_before_anything_has_happened() -> None:
    assert "not complete" in report(after(), FOLDER)


def test_the_shares_of_the_programs_are_within_80_columns() -> None:
    text = report(after(EPOCH), FOLDER)
    shares = text[text.index("of the programs, ") :]
    assert shares.replace("\n", " ") == f"{after(EPOCH).outcomes} "
    assert max(map(len, shares.splitlines())) <= 80


def test_the_summary_is_strict_json_with_the_result(complete: Progress) -> None:
    data = json.loads(json.dumps(summary(complete, FOLDER), allow_nan=False))
    assert (data["run"], data["name"], data["seed"]) == ("runs/my run", "small", 0)
    assert (data["reason"], data["experiments"], data["programs"]) == ("stop.max_experiments", 2, 1020)
    assert from_text(data["best_program"]) == from_text(data["result"]["program"])
    assert [each["name"] for each in data["result"]["baselines"]] == ["ridge regression", "two-layer net"]


def test_the_summary_of_a_run_that_is_not_complete_has_no_result_yet() -> None:
    data = summary(after(improvement(10, 0.5), EPOCH), FOLDER)
    assert (data["reason"], data["result"], data["best_program"]) == (None, None, "p")
    assert (data["experiments"], data["programs"], data["train_steps"]) == (0, 1000, 5000)


def test_a_report_never_commands_a_terminal(complete: Progress) -> None:
    assert complete.final is not None
    progress = after(replace(complete.final, pruned="def Setup():\n\x1b[2J\x9b2J"))
    text = report(progress, FOLDER)
    assert "def Setup():\n?[2J?2J\n" in text
    assert all(sign.isprintable() or sign == "\n" for sign in text)
