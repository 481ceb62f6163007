"""The command ``tasks``: what it prints and draws."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.runs.small_config import small_file
from typer.testing import CliRunner, Result

from automl_zero.cli import main
from automl_zero.config import load_config
from automl_zero.config.task_kind_facts import KINDS
from automl_zero.system.cache_dir import CACHE_VARIABLE
from automl_zero.tasks.task_kinds import Stage, build_tasks


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["tasks", *(str(each) for each in arguments)])


def test_all_kinds_are_listed() -> None:
    assert [row["kind"] for row in json.loads(invoke("list", "--json").stdout)] == list(KINDS)


def test_a_suite_is_shown_and_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "picture.svg"
    output = invoke("show", small_file(tmp_path), "--picture", picture).stdout
    digest = build_tasks(load_config(str(tmp_path / "small.toml")).tasks, Stage.FINAL, 0).digest
    for part in ("small, seed 0: regression of u.x", "examples to learn from  20", digest[:16], "ridge regression"):
        assert part in output
    assert output.endswith(f"picture: {picture}\n")
    assert "<svg" in picture.read_text()


def test_plain_data_holds_the_whole_digest_and_the_settings(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    changes = ("--set", "tasks.num_features=3", "--seed", 5, "--no-baselines", "--picture", picture, "--json")
    shown = json.loads(invoke("show", small_file(tmp_path), *changes).stdout)
    config = load_config(str(tmp_path / "small.toml"), ["tasks.num_features=3"])
    assert shown["stages"]["final"]["digest"] == build_tasks(config.tasks, Stage.FINAL, 5).digest
    assert (shown["baselines"], shown["picture"]) == ([], str(picture))
    assert picture.stat().st_size > 1000


def test_without_a_name_the_picture_goes_to_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    for _ in range(2):
        assert invoke("show", small_file(tmp_path), "--no-baselines").exit_code == 0
    assert (tmp_path / "cache" / "pictures" / "small.png").exists()


def test_without_a_folder_for_the_picture_it_must_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_zero.system.cache_dir.cache_root", lambda: None)
    result = invoke("show", small_file(tmp_path), "--no-baselines")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the picture cannot be written, there is no folder for it: name a file with --picture" in result.stderr
    (tmp_path / "pictures").write_text("in the way")
    monkeypatch.setattr("automl_zero.system.cache_dir.cache_root", lambda: tmp_path)
    assert (
        "is not a folder: name a file with --picture" in invoke("show", small_file(tmp_path), "--no-baselines").stderr
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "no suite 'nonsense'"),
        (["linear", "--picture", "there.png"], "there.png exists and is not overwritten"),
        (["linear", "--picture", "picture.jpg"], "must end in .png or .svg"),
        (["linear", "--only", "nonsense"], "no baseline 'nonsense': use linear, mlp"),
        (["linear", "--set", "tasks.features=4"], "unknown key tasks.features"),
    ],
)
def test_bad_input_is_refused(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.png").write_text("mine")
    result = invoke("show", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["there.png"]
