"""The command ``run``: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.data import table_file
from support.runs.invocations import BEST, COMPLETE, invoke, names, refused

from automl_zero.run.record.run_folder import read_run

PROGRAM = "def Setup():\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n"


def test_a_budget_is_recorded_in_the_config_and_settings_win_over_it(small: Path) -> None:
    assert invoke("run", small, "--budget", "smoke", "--set", "stop.max_programs=100", "--quiet").exit_code == 0
    stored = read_run(Path("runs/small-seed-0")).config
    assert (stored.stop.max_seconds, stored.stop.max_programs, stored.tasks.search.num_tasks) == (3, 100, 4)


def test_initial_programs_are_tuned_if_asked_and_settings_win_over_the_number_of_trials(small: Path) -> None:
    invoke("run", small, "--tune-initial", "--set", "stop.max_programs=100", "--quiet", "--out", "tuned")
    assert read_run(Path("tuned")).config.program.tune_initial == 100
    own = ("--set", "program.tune_initial=3", "--set", "stop.max_programs=100")
    invoke("run", small, "--tune-initial", *own, "--quiet", "--out", "own")
    assert read_run(Path("own")).config.program.tune_initial == 3


def test_a_run_of_the_papers_scale_prints_its_cost_and_is_not_started(small: Path) -> None:
    result = invoke("run", small, "--budget", "paper")
    assert result.exit_code == 0
    for part in (
        "not started",
        "expected: ",
        " 1T programs",
        "10^11 train steps",
        "--set stop.max_programs=1000000000000",
    ):
        assert part in result.stdout
    assert json.loads(invoke("run", small, "--budget", "paper", "--json").stdout)["event"] == "estimate"
    assert names(small.parent) == ["small.toml"]


def test_a_run_of_the_papers_scale_is_started_with_a_limit_of_ones_own(small: Path) -> None:
    assert invoke("run", small, "--budget", "paper", "--set", "stop.max_programs=100", "--quiet").exit_code == 0
    assert names(small.parent / "runs") == ["small-seed-0"]


def test_the_expected_cost_is_reported_before_the_search(small: Path) -> None:
    lines = invoke("run", small).stdout.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["small,", "expected:"]


def test_a_run_leaves_a_complete_folder_and_prints_its_report(small: Path) -> None:
    result = invoke("run", small)
    assert result.exit_code == 0
    folder = small.parent / "runs" / "small-seed-0"
    assert names(folder) == COMPLETE
    assert names(folder / "best") == BEST
    assert result.stdout.startswith("small, seed 0: 3 islands, ")
    report_text = (folder / "report.txt").read_text()
    assert result.stdout.endswith(f"{report_text}report: runs/small-seed-0/report.html\n")
    assert [json.loads(line)["event"] for line in (folder / "events.jsonl").read_text().splitlines()][-1] == "stop"


def test_settings_seed_workers_and_folder_can_be_given(small: Path) -> None:
    arguments = ("--set", "islands.count=2", "--set", "stop.max_programs=100", "--seed", 7, "--workers", 1)
    assert invoke("run", small, *arguments, "--out", "deep/er/folder", "--quiet").exit_code == 0
    stored = read_run(small.parent / "deep" / "er" / "folder")
    assert (stored.config.islands.count, stored.config.stop.max_programs, stored.config.seed) == (2, 100, 7)


def test_a_quiet_run_prints_its_report_alone(small: Path) -> None:
    result = invoke("run", small, "--quiet")
    assert result.stdout == (small.parent / "runs" / "small-seed-0" / "report.txt").read_text()
    assert result.stderr == ""


def test_json_is_alone_on_stdout(small: Path) -> None:
    result = invoke("run", small, "--json")
    assert json.loads(result.stdout)["result"]["event"] == "final"
    assert result.stderr.startswith("small, seed 0: ")


def test_the_config_in_the_folder_repeats_the_run(small: Path) -> None:
    first = json.loads(invoke("run", small, "--json", "--seed", 3).stdout)
    again = json.loads(invoke("run", "runs/small-seed-3/config.toml", "--out", "again", "--json").stdout)
    for result in (first, again):
        del result["run"], result["seconds"], result["result"]["seconds"]
    assert first == again


def test_a_table_is_one_line_and_its_config_repeats_the_run(small: Path) -> None:
    table = table_file.path()
    arguments = ("--data", table, "--target", "kind", "--set", "tasks.final.num_tasks=3", "--json")
    first = json.loads(invoke("run", small, *arguments).stdout)
    stored = read_run(Path(first["run"])).config.tasks
    assert (stored.kind, stored.table.path, stored.table.target) == ("table", str(table), "kind")
    assert (stored.num_classes, stored.num_features, stored.final.num_tasks) == (3, 9, 3)
    again = json.loads(invoke("run", Path(first["run"]) / "config.toml", "--out", "again", "--json").stdout)
    assert again["result"]["scores"] == first["result"]["scores"]


FAULTS = [
    ("unknown op", PROGRAM.replace("dot", "dott"), "'dott'"),
    ("bad address", PROGRAM.replace("v1", "v99"), "v99"),
    ("wrong type", PROGRAM.replace("v1", "m1"), "m1"),
]


@pytest.mark.parametrize(("text", "named"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_faulty_program_is_refused_with_file_line_and_word(text: str, named: str, small: Path) -> None:
    Path("program.txt").write_text(text)
    for command in (
        ("run", small, "--set", "program.initial=program.txt"),
        ("evaluate", "program.txt", "--suite", "linear"),
    ):
        message = refused(*command)
        assert "program.txt: line 3, column " in message
        assert named in message
    assert names(small.parent) == ["program.txt", "small.toml"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "tasks.num_featurs=8"], "unknown key tasks.num_featurs = 8: did you mean num_features?"),
        (
            ["--set", "search.population_size=1"],
            "search.population_size = 1: input should be greater than or equal to 2",
        ),
        (["--seed", "-1"], "seed = -1: input should be greater than or equal to 0"),
        (["--set", "islands.migrants=21"], "islands.migrants = 21 is above search.population_size = 20"),
        (["--set", "program.learn_ops=['dott']"], "program.learn_ops: unknown op 'dott'"),
        (["--set", "program.initial=figure_6"], "program.initial = 'figure_6'"),
        (["--set", "program.initial=nowhere.txt"], "no library program, file or run folder 'nowhere.txt'"),
        (["--set", "stop.max_programs=none"], "nothing would end this run: set stop.max_seconds"),
        (
            ["--set", "tasks.kind=image-groups", "--set", "tasks.num_classes=5"],
            "num_features = 4 is too small for num_classes = 5",
        ),
        (
            ["--set", "tasks.kind=image-pairs", "--set", "tasks.select.num_train=9999"],
            "tasks.select.num_train = 9999",
        ),
    ],
    ids=lambda value: " ".join(value[-1:]) if isinstance(value, list) else "",
)
def test_a_config_that_cannot_be_used_is_refused_and_nothing_is_written(
    arguments: list[str], message: str, small: Path
) -> None:
    assert message in refused("run", small, *arguments)
    assert names(small.parent) == ["small.toml"]


def test_an_existing_run_folder_is_refused_and_left_alone(small: Path) -> None:
    Path("runs/small-seed-0").mkdir(parents=True)
    message = refused("run", small)
    assert "runs/small-seed-0 exists and is not overwritten: choose another --out or remove it" in message
    assert names(Path("runs/small-seed-0")) == []


def test_a_folder_that_cannot_be_written_is_refused(small: Path) -> None:
    message = refused("run", small, "--out", small / "run")
    assert f"run folder {small}/run cannot be made, {small} is not a folder: choose another --out" in message
