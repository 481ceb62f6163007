"""A cluster that starts here admits no other process; each test runs in a process of its own, which Ray alters."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from automl_zero.run.distributed.ray_cluster import RayConnection
from automl_zero.run.islands.engine import ClusterError

CLUSTER = """
import json, os, stat, subprocess, sys
import psutil, ray
from automl_zero.system.processors import usable_processors
from automl_zero.run.distributed.ray_cluster import RayConnection

connection = RayConnection(None)

@ray.remote
def reported():
    return os.getpid()

ray.get(reported.remote())
this = psutil.Process()
processes = [this, *this.children(recursive=True)]
sockets = [each for process in processes for each in process.net_connections("inet") if each.status == "LISTEN"]
token = os.environ.get("RAY_AUTH_TOKEN", "none")
stranger = "import sys; from ray._raylet import GcsClient; GcsClient(address=sys.argv[1]).get_all_node_info(timeout=9)"

def is_let_in(**environment):
    command = [sys.executable, "-c", stranger, ray.get_runtime_context().gcs_address]
    own = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    return subprocess.run(command, env=own | environment, capture_output=True).returncode == 0

folder = connection._folder
found = {
    "listening": sorted({each.laddr.ip for each in sockets}),
    "sockets": len(sockets),
    "reported in command lines": any(token in " ".join(process.cmdline()) for process in processes),
    "let in": [
        is_let_in(),
        is_let_in(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="0" * 64),
        is_let_in(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=token),
    ],
    "mode": stat.S_IMODE(os.stat(folder.name).st_mode) if folder else None,
    "processors": ray.cluster_resources()["CPU"] == usable_processors(),
    "in files": folder is not None and subprocess.run(["grep", "-rqI", token, folder.name]).returncode == 0,
}
connection.close()
found["left"] = [name for name in os.environ if name.startswith("RAY_AUTH")]
found["folder left"] = folder is not None and os.path.exists(folder.name)
print(json.dumps(found))
"""


def cluster(home: Path, **environment: str) -> dict[str, Any]:
    """What is found of a cluster that begins with that environment."""
    path = {"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin", "HOME": str(home)}
    command = [sys.executable, "-c", CLUSTER]
    done = subprocess.run(command, env=path | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_cluster_of_this_machine_lets_nobody_in(tmp_path: Path) -> None:
    found = cluster(tmp_path)
    assert found["sockets"] > 3
    assert set(found["listening"]) <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    assert found["let in"] == [False, False, True]
    assert not found["reported in command lines"]
    assert not found["in files"]
    assert not (tmp_path / ".ray").exists()
    assert (found["mode"], found["left"], found["folder left"]) == (0o700, [], False)
    assert found["processors"]


def test_what_the_user_has_set_for_tokens_stays(tmp_path: Path) -> None:
    found = cluster(tmp_path, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="1" * 64)
    assert found["let in"] == [False, False, True]
    assert sorted(found["left"]) == ["RAY_AUTH_MODE", "RAY_AUTH_TOKEN"]


@pytest.mark.parametrize(
    "error", [Exception("The current node timed out during startup."), RuntimeError("no raylet"), TimeoutError()]
)
def test_a_cluster_that_does_not_begin_is_an_error_with_a_remedy(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("ray.init", fail)
    with pytest.raises(ClusterError, match=r"could start on this machine \(.+\): try again .* or use --engine threads"):
        RayConnection(None)
