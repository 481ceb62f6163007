from __future__ import annotations

from pathlib import Path

import pytest
from support.runs.saved_states import QUIET, migrating
from support.runs.tracked_runs import curve, fail, final, tracked

from automl_zero.run.session import run_to_folder
from automl_zero.run.tracking.registry import new_trackers

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # which MLflow gives when it makes its database


@pytest.fixture(autouse=True)
def own_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


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
