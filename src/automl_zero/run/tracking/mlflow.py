"""The tracker for MLflow: parameters, metrics and artefacts, at ``MLFLOW_TRACKING_URI`` or in the run folder.

The step of a metric is the number of programs. A resumed run continues the same MLflow run, whose number is stored in
the run folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from automl_zero.config import Config
from automl_zero.run.record import folder_files as files
from automl_zero.run.record.events import Stop
from automl_zero.run.record.run_folder import BEST
from automl_zero.run.tracking.tracker import Tracker

RUN_FILE, MAX_RUN_FILE = "mlflow/run.json", 1 << 12  # the file with the number of the MLflow run, and its size limit
INTERVAL = 1.0  # seconds between two requests: an epoch may take less, and the run waits for the server
MAX_PARAMETER = 500  # characters of a parameter
MAX_PARAMETERS, MAX_METRICS = 100, 1000  # of a request
# Defaults that limit the waiting for an unreachable server, and turn off telemetry; the user's own settings win.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class MLflowTracker(Tracker):
    """Writes to an MLflow run; where epochs are short, the numbers of several ones go in one request."""

    name = "mlflow"
    _client: Any = None
    _run = ""
    _waiting: list[Any]
    _sent_at = 0.0

    def begin(self, config: Config) -> None:
        """Create the MLflow run, with the config as its parameters, or continue an existing one."""
        for key, value in ENVIRONMENT.items():
            os.environ.setdefault(key, value)
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        from mlflow.tracking import MlflowClient

        self.folder.mkdir(exist_ok=True)
        uri, self._waiting = os.environ.get("MLFLOW_TRACKING_URI", ""), []
        self._client = MlflowClient(tracking_uri=uri or f"sqlite:///{self.folder.resolve() / 'mlflow.db'}")
        self._run = self._existing_run(uri) or self._new_run(uri, config)
        self._client.update_run(self._run, status="RUNNING")

    def _existing_run(self, uri: str) -> str:
        """Return the number of the MLflow run that was created at this URI before, or an empty string."""
        known = json.loads(files.read_if_there(self.run_folder, RUN_FILE, MAX_RUN_FILE) or b"{}")
        return str(known["run"]) if known.get("place") == _digest(uri) else ""

    def _new_run(self, uri: str, config: Config) -> str:
        from mlflow.entities import Param

        experiment = self._client.get_experiment_by_name(config.name)
        artefacts = None if uri else (self.folder.resolve() / "artefacts").as_uri()
        number = experiment.experiment_id if experiment else self._client.create_experiment(config.name, artefacts)
        run = str(self._client.create_run(number, run_name=f"{config.name}-seed-{config.seed}").info.run_id)
        settings = [
            Param(key, str(value)[:MAX_PARAMETER]) for key, value in _flatten(config.model_dump(mode="json"), "")
        ]
        for first in range(0, len(settings), MAX_PARAMETERS):
            self._client.log_batch(run, params=settings[first : first + MAX_PARAMETERS])
        files.write(self.run_folder, RUN_FILE, json.dumps({"place": _digest(uri), "run": run}).encode())
        return run

    def numbers(self, values: Mapping[str, float], programs: int) -> None:
        """Queue the values, and send the queue if a request is due."""
        from mlflow.entities import Metric

        now = round(time.time() * 1000)
        self._waiting += [Metric(_allowed(name), float(value), now, programs) for name, value in values.items()]
        if monotonic() - self._sent_at >= INTERVAL:
            self._send()

    def text(self, name: str, text: str, programs: int) -> None:
        """Store a text as an artefact."""
        self._client.log_text(self._run, text, f"{_allowed(name)}/{programs:012}.txt")

    def on_stop(self, event: Stop) -> None:
        """Set a tag with what ended the run, and send the queue."""
        self._try(self._stop, event)

    def _stop(self, event: Stop) -> None:
        self._client.set_tag(self._run, "ended by", event.reason)
        self._send()

    def end(self, files: Sequence[Path]) -> None:
        """Store the files as artefacts, and end the MLflow run."""
        for file in files:
            self._client.log_artifact(self._run, str(file), BEST if file.parent.name == BEST else None)
        self._client.set_terminated(self._run)

    def _send(self) -> None:
        for first in range(0, len(self._waiting), MAX_METRICS):
            self._client.log_batch(self._run, metrics=self._waiting[first : first + MAX_METRICS])
        self._waiting, self._sent_at = [], monotonic()


def _digest(uri: str) -> str:
    """Identify a URI without storing it, since it may hold a password."""
    return hashlib.sha256(uri.encode()).hexdigest()[:16]


def _allowed(name: str) -> str:
    """Replace the characters of a name that MLflow refuses."""
    return "".join(sign if sign.isalnum() or sign in "_-./ " else "-" for sign in name)


def _flatten(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
