"""The command: what it prints, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.data import table_file
from support.runs.small_config import small_file
from typer.testing import CliRunner, Result

from automl_zero import __version__
from automl_zero.cli import StageName, main
from automl_zero.config import load_config, preset_names
from automl_zero.program.library import library_program
from automl_zero.program.ops import OPS
from automl_zero.program.text import to_text
from automl_zero.run.budget import BUDGETS
from automl_zero.run.record.run_folder import read_run
from automl_zero.tasks.task_kinds import Stage

COMPLETE = [".lock", "best", "checkpoints", "config.toml", "events.jsonl", "report.html", "report.txt"]
BEST = ["final.txt", "search.txt", "select.txt"]
PROGRAM = "def Setup():\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n"


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def refused(*arguments: object) -> str:
    """The message of a command that refuses its input, and prints nothing else."""
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    return result.stderr


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the small config, in the folder that the command works in."""
    monkeypatch.chdir(tmp_path)
    return small_file(tmp_path)


def test_the_version_is_told() -> None:
    assert invoke("--version").stdout == f"automl-zero {__version__}\n"


@pytest.mark.parametrize(
    "command", ["run", "resume", "show", "evaluate", "ops", "presets", "budgets", "tune", "ablate", "transfer"]
)
def test_help_names_every_command_and_every_command_has_help(command: str) -> None:
    assert command in invoke("--help").stdout
    assert "Usage: " in invoke(command, "--help").stdout


def test_the_stages_are_those_of_the_tasks() -> None:
    assert [each.value for each in StageName] == [each.value for each in Stage]


def test_every_op_is_listed() -> None:
    header, *lines = invoke("ops").stdout.splitlines()
    assert header.split() == ["number", "name", "signature", "form", "cost"]
    assert [line.split()[:2] for line in lines] == [[str(op.number), op.name] for op in OPS]
    assert json.loads(invoke("ops", "--json").stdout)[27] == {
        "number": 27,
        "name": OPS[27].name,
        "signature": "i,i->.",
        "form": OPS[27].form,
        "cost": OPS[27].cost,
    }


def test_every_preset_is_listed_with_its_description() -> None:
    rows = json.loads(invoke("presets", "--json").stdout)
    assert [row["name"] for row in rows] == preset_names()
    text = invoke("presets").stdout
    assert all(row["description"] == load_config(row["name"]).description and row["name"] in text for row in rows)


def test_every_budget_is_listed_and_can_be_chosen() -> None:
    rows = json.loads(invoke("budgets", "--json").stdout)
    assert [row["name"] for row in rows] == list(BUDGETS)
    choices, text = invoke("run", "--help").stdout, invoke("budgets").stdout
    assert all(name in choices and name in text and each.description in text for name, each in BUDGETS.items())


def test_an_effort_is_kept_in_the_config_and_settings_win_over_it(small: Path) -> None:
    assert invoke("run", small, "--budget", "smoke", "--set", "stop.max_programs=100", "--quiet").exit_code == 0
    stored = read_run(Path("runs/small-seed-0")).config
    assert (stored.stop.max_seconds, stored.stop.max_programs, stored.tasks.search.num_tasks) == (3, 100, 4)


def test_a_run_of_the_papers_scale_tells_its_cost_and_is_not_started(small: Path) -> None:
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


def test_the_expected_cost_is_told_before_the_search(small: Path) -> None:
    lines = invoke("run", small).stdout.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["small,", "expected:"]


def test_a_run_leaves_a_complete_folder_and_prints_its_report(small: Path) -> None:
    result = invoke("run", small)
    assert result.exit_code == 0
    folder = small.parent / "runs" / "small-seed-0"
    assert names(folder) == COMPLETE
    assert names(folder / "best") == BEST
    assert result.stdout.startswith("small, seed 0: 3 islands, ")
    told = (folder / "report.txt").read_text()
    assert result.stdout.endswith(f"{told}to look at: runs/small-seed-0/report.html\n")
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


@pytest.mark.usefixtures("small")
def test_the_result_evaluates_to_the_score_in_the_report() -> None:
    result = json.loads(invoke("run", "linear", "--set", "stop.max_programs=1", "--out", "run", "--json").stdout)
    arguments = ("run/best/final.txt", "--suite", "linear", "--stage", "final", "--dtype", "float32", "--json")
    (program,) = json.loads(invoke("evaluate", *arguments).stdout)["programs"]
    assert program["mean_fitness"] == result["result"]["scores"]["final"]["fitness"]


def test_evaluate_prints_a_table_for_each_program(tmp_path: Path) -> None:
    path = tmp_path / "program.txt"
    path.write_text(to_text(library_program("figure_5")))
    result = invoke("evaluate", path, "linear_regression", "--suite", "linear", "--seed", 3)
    assert result.stdout.count("first predictions") == 2
    assert f"{path}: mean fitness " in result.stdout


def test_evaluate_takes_a_file_of_tasks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sizes = {"train_x": (2, 5, 4), "train_y": (2, 5), "valid_x": (2, 3, 4), "valid_y": (2, 3)}
    arrays: dict[str, Any] = {name: rng.normal(size=size) for name, size in sizes.items()}
    np.savez(tmp_path / "tasks.npz", loss="rmse", **arrays)
    result = invoke("evaluate", "linear_regression", "--data", tmp_path / "tasks.npz", "--json")
    (program,) = json.loads(result.stdout)["programs"]
    assert [len(task["first_predictions"]) for task in program["tasks"]] == [3, 3]


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "table"), "kind 'table' needs a table: run with --data FILE --target COLUMN"),
        (("run", "linear", "--target", "y"), "--target y needs a table: give --data TABLE, too"),
        (("run", "table", "--data", "nowhere.csv"), "'nowhere.csv' is no file, and does not begin with 'sklearn:'"),
        (("run", "nonsense"), "no preset or file 'nonsense': presets are "),
        (("show", "nonsense"), "nonsense is not a run folder"),
        (("evaluate", "nonsense", "--suite", "linear"), "no library program, file or run folder 'nonsense'"),
        (("evaluate", "figure_5", "--suite", "nonsense"), "no suite 'nonsense'"),
        (("evaluate", "figure_5", "--data", "nonsense.npz"), "nonsense.npz: cannot be opened"),
        (("evaluate", "figure_5"), "either --suite NAME or --data FILE.npz"),
        (("evaluate", "figure_5", "--suite", "linear", "--max-abs-error", "nan"), "max_abs_error = nan"),
    ],
    ids=str,
)
def test_what_does_not_exist_or_fit_is_named(arguments: tuple[str, ...], message: str) -> None:
    assert message in refused(*arguments)


@pytest.mark.parametrize(
    "arguments", [("fly",), ("run",), ("run", "linear", "--workers", "0"), ("evaluate", "figure_5", "--stage", "none")]
)
def test_a_wrong_command_line_ends_with_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert invoke(*arguments).exit_code == 2


def test_an_unexpected_error_is_not_hidden(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr("automl_zero.run.record.run_folder.check_new", broken)
    assert isinstance(invoke("run", small).exception, ValueError)


def test_a_search_that_needs_more_memory_than_there_is_says_so(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 9.00 TiB")

    monkeypatch.setattr("automl_zero.run.experiment_pool.Experiment", fail)
    message = refused("run", small, "--quiet")
    assert "the memory does not suffice (Unable to allocate 9.00 TiB): make the population, the caches or" in message
