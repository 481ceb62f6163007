from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.runs.saved_states import QUIET, migrating, resume
from support.runs.tracked_runs import MORE, fail
from typer.testing import CliRunner

from automl_zero.cli import main
from automl_zero.config import ConfigError
from automl_zero.run.record.run_folder import read_run
from automl_zero.run.resume import resume_folder
from automl_zero.run.session import run_to_folder
from automl_zero.run.tracking.registry import TRACKERS, new_trackers
from automl_zero.run.tracking.tracker import Tracker

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # which MLflow gives when it makes its database


@pytest.fixture(autouse=True)
def own_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_cannot_write_costs_a_warning_and_no_result(name: str, tmp_path: Path) -> None:
    def block(*_: Any) -> None:
        (folder / name).write_text("in the way")

    warnings: list[str] = []
    folder = tmp_path / "run"
    (tracker,) = new_trackers([name], folder, warnings.append)
    begin, tracker.begin = tracker.begin, lambda config: (block(), begin(config))[1]  # type: ignore[method-assign]
    run_to_folder(migrating(stop={"max_programs": 360}), folder, 1, QUIET, [tracker])
    assert len(warnings) == 1
    assert resume(folder, MORE).exists()


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_has_the_name_of_its_row(name: str, tmp_path: Path) -> None:
    (tracker,) = new_trackers([name], tmp_path, fail)
    assert tracker.name == name


def test_a_name_that_is_given_twice_is_one_tracker(tmp_path: Path) -> None:
    assert len(new_trackers(["tensorboard", "mlflow", "tensorboard"], tmp_path, fail)) == 2


def test_an_unknown_name_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no tracker 'wandb': use tensorboard or mlflow"):
        new_trackers(["wandb"], tmp_path, fail)


@pytest.mark.parametrize("name", TRACKERS)
def test_a_library_that_is_missing_is_reported_before_anything_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automl_zero.run.tracking.registry.find_spec", lambda _: None)
    result = CliRunner().invoke(main, ["run", "linear", "--out", str(tmp_path / "run"), "--track", name])
    assert result.exit_code == 2
    assert f"tracker '{name}' needs a library that is not installed: pip install '.[{name}]'" in result.stderr
    assert not (tmp_path / "run").exists()


def test_the_commands_take_trackers(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(migrating(stop={"max_programs": 360}).to_toml())
    folder = tmp_path / "run"
    for command in (
        ["run", str(tmp_path / "small.toml"), "--out", str(folder)],
        ["resume", str(folder), "--set", MORE],
    ):
        result = CliRunner().invoke(main, [*command, "--track", "tensorboard", "--quiet"])
        assert result.exit_code == 0, result.output
    assert len(list((folder / "tensorboard").iterdir())) == 2


@pytest.mark.parametrize("name", TRACKERS)
@pytest.mark.parametrize("entry", ["", "mlflow.db", "inner/deep"])
def test_a_tracker_does_not_follow_a_link_that_somebody_left(name: str, entry: str, tmp_path: Path) -> None:
    """Its library opens files by itself, so it is not begun where anything in its folder leads elsewhere."""
    folder, outside, warnings = tmp_path / "run", tmp_path / "outside", []
    run_to_folder(migrating(stop={"max_programs": 360}), folder, 1, QUIET)
    outside.mkdir()
    (folder / name / entry).parent.mkdir(parents=True, exist_ok=True)
    (folder / name / entry).symlink_to(outside)
    resume_folder(folder, [MORE], False, 1, QUIET, new_trackers([name], folder, warnings.append))
    assert list(outside.iterdir()) == []
    (warning,) = warnings
    assert f"{name} gets no more data of this run (UnsafeFileError: " in warning
    assert read_run(folder).events[-1].event == "stop"


def test_only_the_files_of_the_run_itself_are_reported(tmp_path: Path) -> None:
    reported: list[Path] = []

    class Files(Tracker):
        name = "files"

        def end(self, files: Sequence[Path]) -> None:
            reported.extend(files)

    run_to_folder(migrating(stop={"max_programs": 360}), tmp_path / "run", 1, QUIET)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "run" / "best" / "more.txt").symlink_to(tmp_path / "secret")
    (tmp_path / "run" / "best" / "select.txt").unlink()
    (tmp_path / "run" / "best" / "select.txt").symlink_to(tmp_path / "secret")
    Files(tmp_path / "run", fail).on_recorded(tmp_path / "run")
    names = ["config.toml", "report.txt", "best/final.txt", "best/search.txt"]
    assert reported == [tmp_path / "run" / each for each in names]
