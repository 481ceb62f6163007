from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.runs.saved_states import QUIET, migrating, resume
from typer.testing import CliRunner

from automl_zero.cli import main
from automl_zero.config import ConfigError
from automl_zero.run.record.events import EpochEnd, Final
from automl_zero.run.record.run_folder import read_run
from automl_zero.run.resume import resume_folder
from automl_zero.run.session import run_to_folder
from automl_zero.run.tracking.registry import TRACKERS, new_trackers
from automl_zero.run.tracking.tracker import Tracker

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # which MLflow gives when it makes its database

MORE = "stop.max_programs=none"


@pytest.fixture(autouse=True)
def own_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def fail(message: str) -> None:
    raise AssertionError(message)


def tracked(folder: Path, name: str) -> Path:
    """A run that a tracker is told of, and that went on once."""
    run_to_folder(migrating(stop={"max_programs": 360}), folder, 1, QUIET, new_trackers([name], folder, fail))
    resume_folder(folder, [MORE], False, 1, QUIET, new_trackers([name], folder, fail))
    return folder


def curve(folder: Path) -> list[tuple[int, float]]:
    """(programs, best fitness) of each epoch, as the events have it."""
    events = read_run(folder).events
    return [(event.programs, pytest.approx(event.best_fitness)) for event in events if isinstance(event, EpochEnd)]


def final(folder: Path) -> Final:
    return next(event for event in read_run(folder).events if isinstance(event, Final))


def test_tensorboard_shows_the_curves_and_the_texts_of_a_run_that_went_on(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = tracked(tmp_path / "run", "tensorboard")
    assert len(list((folder / "tensorboard").iterdir())) == 2
    found = EventAccumulator(str(folder / "tensorboard"))
    found.Reload()
    assert [(each.step, each.value) for each in found.Scalars("fitness/best")] == curve(folder)
    assert found.Scalars("final/evolved/final")[-1].value == pytest.approx(final(folder).scores["final"].fitness)
    texts = {name: found.Tensors(name)[-1].tensor_proto.string_val[0].decode() for name in found.Tags()["tensors"]}
    assert set(texts) == {"config", "program/search", "program/select", "program/final", "ended by", "report"}
    assert texts["program/final"] == "".join(f"    {line}\n" for line in final(folder).program.splitlines())


def test_mlflow_has_one_run_of_a_run_that_went_on(tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    folder = tracked(tmp_path / "run", "mlflow")
    client = MlflowClient(f"sqlite:///{folder / 'mlflow' / 'mlflow.db'}")
    (run,) = client.search_runs([client.get_experiment_by_name("small").experiment_id])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "small-seed-0")
    assert run.data.params["islands.migrants"] == "5"
    assert run.data.tags["ended by"] == "stop.max_experiments"
    history = client.get_metric_history(run.info.run_id, "fitness/best")
    assert [(each.step, each.value) for each in history] == curve(folder)
    assert run.data.metrics["final/evolved/final"] == pytest.approx(final(folder).scores["final"].fitness)
    files = {file.name: file for file in (folder / "mlflow" / "artefacts").rglob("*.*")}
    assert files["report.txt"].read_text() == (folder / "report.txt").read_text()
    assert {"config.toml", "final.txt"} <= set(files)


def test_mlflow_uses_the_place_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'shared.db'}")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "run"
    run_to_folder(migrating(stop={"max_programs": 360}), folder, 1, QUIET, new_trackers(["mlflow"], folder, fail))
    assert (tmp_path / "shared.db").exists()
    assert [file.name for file in (folder / "mlflow").iterdir()] == ["run.json"]
    assert "shared" not in (folder / "mlflow" / "run.json").read_text()  # there may be a password in it


def test_a_server_that_is_away_costs_a_warning_and_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # where nobody listens
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    warnings: list[str] = []
    folder = tmp_path / "run"
    trackers = new_trackers(["mlflow"], folder, warnings.append)
    run_to_folder(migrating(stop={"max_programs": 360}), folder, 1, QUIET, trackers)
    assert [warning[:45] for warning in warnings] == ["mlflow gets no more data of this run (MlflowE"]
    assert (folder / "report.txt").exists()


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


def test_a_name_that_is_given_twice_is_one_tracker(tmp_path: Path) -> None:
    assert len(new_trackers(["tensorboard", "mlflow", "tensorboard"], tmp_path, fail)) == 2


def test_an_unknown_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no tracker 'wandb': use tensorboard or mlflow"):
        new_trackers(["wandb"], tmp_path, fail)


@pytest.mark.parametrize("name", TRACKERS)
def test_a_library_that_is_missing_is_told_before_anything_is_written(
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
def test_a_tracker_does_not_follow_a_link_that_a_stranger_left(name: str, entry: str, tmp_path: Path) -> None:
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


def test_only_the_files_of_the_run_itself_are_told(tmp_path: Path) -> None:
    told: list[Path] = []

    class Files(Tracker):
        name = "files"

        def end(self, files: Sequence[Path]) -> None:
            told.extend(files)

    run_to_folder(migrating(stop={"max_programs": 360}), tmp_path / "run", 1, QUIET)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "run" / "best" / "more.txt").symlink_to(tmp_path / "secret")
    (tmp_path / "run" / "best" / "select.txt").unlink()
    (tmp_path / "run" / "best" / "select.txt").symlink_to(tmp_path / "secret")
    Files(tmp_path / "run", fail).on_recorded(tmp_path / "run")
    names = ["config.toml", "report.txt", "best/final.txt", "best/search.txt"]
    assert told == [tmp_path / "run" / each for each in names]
