"""MLflow: parameters, metrics and artefacts, at ``MLFLOW_TRACKING_URI``, or else in a database in the run folder.

The axis is programs tried. A run that goes on is told to the same MLflow run, whose number is kept in the run folder.
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

KNOWN, MOST_KNOWN = "mlflow/run.json", 1 << 12  # which MLflow run it is, and bytes of that file
EVERY = 1.0  # seconds between two messages: an epoch may take less, and the run waits for the server
LONGEST = 500  # characters of a parameter
MOST_PARAMETERS, MOST_METRICS = 100, 1000  # of a message
# What a server that is away may cost, and what nobody has asked for; a setting of the user's own stands.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class MLflowTracker(Tracker):
    """Tells an MLflow run; the numbers of several epochs go in one message where epochs are short."""

    name = "mlflow"
    _client: Any = None
    _run = ""
    _waiting: list[Any]
    _told_at = 0.0

    def begin(self, config: Config) -> None:
        """Make the MLflow run, with the config as its parameters, or go on with it."""
        for key, value in ENVIRONMENT.items():
            os.environ.setdefault(key, value)
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        from mlflow.tracking import MlflowClient

        self.folder.mkdir(exist_ok=True)
        place, self._waiting = os.environ.get("MLFLOW_TRACKING_URI", ""), []
        self._client = MlflowClient(tracking_uri=place or f"sqlite:///{self.folder.resolve() / 'mlflow.db'}")
        self._run = self._known_run(place) or self._new_run(place, config)
        self._client.update_run(self._run, status="RUNNING")

    def _known_run(self, place: str) -> str:
        """The number of the MLflow run that was begun at this place, or nothing."""
        known = json.loads(files.read_if_there(self.run_folder, KNOWN, MOST_KNOWN) or b"{}")
        return str(known["run"]) if known.get("place") == _digest(place) else ""

    def _new_run(self, place: str, config: Config) -> str:
        from mlflow.entities import Param

        experiment = self._client.get_experiment_by_name(config.name)
        artefacts = None if place else (self.folder.resolve() / "artefacts").as_uri()
        number = experiment.experiment_id if experiment else self._client.create_experiment(config.name, artefacts)
        run = str(self._client.create_run(number, run_name=f"{config.name}-seed-{config.seed}").info.run_id)
        settings = [Param(key, str(value)[:LONGEST]) for key, value in _flat(config.model_dump(mode="json"), "")]
        for first in range(0, len(settings), MOST_PARAMETERS):
            self._client.log_batch(run, params=settings[first : first + MOST_PARAMETERS])
        files.write(self.run_folder, KNOWN, json.dumps({"place": _digest(place), "run": run}).encode())
        return run

    def numbers(self, values: Mapping[str, float], programs: int) -> None:
        """Take note of them, and tell all that is waiting if it is time."""
        from mlflow.entities import Metric

        now = round(time.time() * 1000)
        self._waiting += [Metric(_allowed(name), float(value), now, programs) for name, value in values.items()]
        if monotonic() - self._told_at >= EVERY:
            self._tell()

    def text(self, name: str, text: str, programs: int) -> None:
        """Keep a text as an artefact."""
        self._client.log_text(self._run, text, f"{_allowed(name)}/{programs:012}.txt")

    def on_stop(self, event: Stop) -> None:
        """Tell what ended the run, and all that is waiting."""
        self._try(self._stop, event)

    def _stop(self, event: Stop) -> None:
        self._client.set_tag(self._run, "ended by", event.reason)
        self._tell()

    def end(self, files: Sequence[Path]) -> None:
        """Keep the files as artefacts, and end the MLflow run."""
        for file in files:
            self._client.log_artifact(self._run, str(file), BEST if file.parent.name == BEST else None)
        self._client.set_terminated(self._run)

    def _tell(self) -> None:
        for first in range(0, len(self._waiting), MOST_METRICS):
            self._client.log_batch(self._run, metrics=self._waiting[first : first + MOST_METRICS])
        self._waiting, self._told_at = [], monotonic()


def _digest(place: str) -> str:
    """Tells places apart without keeping the password that may be in one."""
    return hashlib.sha256(place.encode()).hexdigest()[:16]


def _allowed(name: str) -> str:
    """A name without the signs that MLflow refuses."""
    return "".join(sign if sign.isalnum() or sign in "_-./ " else "-" for sign in name)


def _flat(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
