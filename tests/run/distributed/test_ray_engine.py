"""A run on Ray gives what it gives in threads, whatever becomes of its actors."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import ray
from support.runs.saved_states import QUIET, grouped, migrating, record
from support.runs.small_config import small_file
from support.runs.timeless import timeless
from typer.testing import CliRunner

from automl_zero.cli import main
from automl_zero.config import Config, ConfigError
from automl_zero.program.library import library_program
from automl_zero.run.checkpoint.manager import Checkpoints, state_digest
from automl_zero.run.distributed.ray_cluster import RayConnection
from automl_zero.run.distributed.ray_engine import RayEngine
from automl_zero.run.experiment import search_tasks
from automl_zero.run.islands.engine import ExperimentSpec
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import Cluster, EpochEnd
from automl_zero.run.record.run_folder import read_run
from automl_zero.run.resume import resume_folder
from automl_zero.run.run import Run
from automl_zero.run.session import run_to_folder

SMALL_STORE = 100_000_000  # bytes
CONFIGS: dict[str, Callable[..., Config]] = {"migrating": migrating, "grouped": grouped}


@pytest.fixture(scope="module")
def _ray() -> Iterator[None]:
    """One small cluster for all tests of the module that need one within this process."""
    ray.init(
        "local",
        num_cpus=4,
        object_store_memory=SMALL_STORE,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
    )
    yield
    ray.shutdown()


pytestmark = pytest.mark.usefixtures("_ray")


@pytest.fixture(scope="module")
def in_threads(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a run in threads, by the name of its config and the number of threads."""
    folder = tmp_path_factory.mktemp("threads")
    for (name, make), workers in zip(CONFIGS.items(), (2, 8), strict=True):
        record(make(), folder / name, workers)
    return lambda name: folder / name


def check_same(folder: Path, other: Path) -> None:
    assert state_digest(folder) == state_digest(other)
    assert timeless(read_run(folder).events) == timeless(read_run(other).events)
    assert (folder / "best" / "final.txt").read_text() == (other / "best" / "final.txt").read_text()


def clusters(folder: Path) -> list[Cluster | None]:
    return [event.cluster for event in read_run(folder).events if isinstance(event, EpochEnd)]


@pytest.mark.parametrize(("name", "actors"), [("migrating", 1), ("migrating", 2), ("grouped", 4)])
def test_the_number_of_actors_changes_nothing(
    name: str, actors: int, in_threads: Callable[[str], Path], tmp_path: Path
) -> None:
    run_to_folder(CONFIGS[name](), tmp_path / "run", 1, QUIET, engine=RayEngine(actors))
    check_same(tmp_path / "run", in_threads(name))
    assert clusters(tmp_path / "run")[0] == Cluster(nodes=1, workers=actors, replays=0)


class Killer(Callback):
    """Kills an actor, chosen at random, after some of the epochs, while the next one begins."""

    def __init__(self, engine: RayEngine, after: set[int]) -> None:
        self._engine, self._after, self._random = engine, after, Random(1)
        self.epochs = self.kills = 0

    def on_epoch(self, _: EpochEnd) -> None:
        self.epochs += 1
        worker_pool = self._engine._worker_pool
        assert worker_pool is not None
        if self.epochs in self._after and worker_pool._actors:
            ray.kill(self._random.choice(list(worker_pool._actors.values())).handle)
            self.kills += 1


def run_with_kills(config: Config, folder: Path, actors: int, after: set[int]) -> int:
    """Do a run whose actors are killed; gives how often islands were made again."""
    engine = RayEngine(actors)
    killer = Killer(engine, after)
    folder.mkdir()
    (folder / "events.jsonl").touch()
    run = Run(config, checkpoints=Checkpoints(folder, config.checkpoint), callbacks=[killer], engine=engine)
    found = list(run.iter_events())
    whole = list(Run(config, 2, checkpoints=Checkpoints(folder, config.checkpoint)).iter_events())
    assert timeless(found) == timeless(whole)
    assert killer.kills == len(after)
    return max(event.cluster.replays for event in found if isinstance(event, EpochEnd) and event.cluster)


def test_actors_that_are_killed_change_nothing(tmp_path: Path) -> None:
    config = grouped(stop={"max_programs": 4000, "max_experiments": None}, checkpoint={"keep": 0})
    assert run_with_kills(config, tmp_path / "run", 2, {3, 5, 9}) >= 3


def test_islands_that_do_not_wait_outlive_their_actors() -> None:
    """The programs that islands made in whole epochs count, and no others."""
    config = migrating(islands={"synchronous": False}, stop={"max_programs": 4000, "max_experiments": None})
    engine = RayEngine(2)
    killer = Killer(engine, {3, 9})
    events = list(Run(config, callbacks=[killer], engine=engine).iter_events())
    epochs = [event for event in events if isinstance(event, EpochEnd)]
    assert (killer.kills, events[-1].event) == (2, "stop")
    assert [event.programs for event in epochs] == sorted({event.programs for event in epochs})
    assert {(event.experiment_programs - 3 * 20) % 50 for event in epochs} == {0}
    assert max(event.cluster.replays for event in epochs if event.cluster) >= 1


@pytest.mark.parametrize("actors", [1, 2])
@pytest.mark.parametrize("concurrent", [2, 3])
def test_experiments_side_by_side_are_those_of_threads(concurrent: int, actors: int, tmp_path: Path) -> None:
    """Each has one island; with two actors, one of them is killed, and its islands are made again."""
    config = migrating(
        stop={"max_programs": None, "max_experiments": 4},
        islands={"count": 1, "migrants": 0},
        experiment={"max_programs": 600, "concurrent": concurrent},
        checkpoint={"keep": 0},
    )
    replays = run_with_kills(config, tmp_path / "run", actors, {3} if actors > 1 else set())
    assert (replays > 0) == (actors > 1)


@pytest.mark.parametrize("actors", [1, 2])
def test_states_of_experiments_side_by_side_are_those_of_threads(actors: int, tmp_path: Path) -> None:
    config = migrating(
        stop={"max_programs": None, "max_experiments": 3}, experiment={"max_programs": 600, "concurrent": 2}
    )
    record(config, tmp_path / "threads", 2)
    run_to_folder(config, tmp_path / "run", 1, QUIET, engine=RayEngine(actors))
    check_same(tmp_path / "run", tmp_path / "threads")


def test_programs_are_scored_by_the_actors_that_are_left_and_the_tasks_are_sent_once() -> None:
    config, engine = migrating(), RayEngine(2)
    spec = ExperimentSpec(config, search_tasks(config, 0), seed=7)
    programs = [library_program(name) for name in ("linear_regression", "two_layer_net")] * 5
    expected = ThreadEngine(1).score(programs, spec, engine.stop)
    try:
        assert engine.score(programs, spec, engine.stop) == expected
        worker_pool = engine._worker_pool
        assert worker_pool is not None
        stored = dict(worker_pool._stored)
        ray.kill(next(iter(worker_pool._actors.values())).handle)
        assert engine.score(programs, spec, engine.stop) == expected
        assert worker_pool._stored == stored
        assert all(actor.known == {spec.seed} for actor in worker_pool._actors.values() if actor.known)
    finally:
        engine.close()


@pytest.mark.soak
def test_actors_that_are_killed_again_and_again_change_nothing(tmp_path: Path) -> None:
    stop, islands = {"max_programs": 2_000_000, "max_experiments": None}, {"epoch_programs": 5000}
    config = migrating(stop=stop, islands=islands, experiment={"max_programs": 500_000}, checkpoint={"every_epochs": 7})
    assert run_with_kills(config, tmp_path / "run", 3, set(range(5, 125, 8))) >= 10


def test_a_run_goes_on_with_another_engine(in_threads: Callable[[str], Path], tmp_path: Path) -> None:
    less = {"stop": {"max_programs": 1000, "max_experiments": 2}}
    folder, override = record(migrating(**less), tmp_path / "run"), ["stop.max_programs=none"]
    resume_folder(folder, override, False, 1, QUIET, engine=RayEngine(2))
    check_same(folder, in_threads("migrating"))


def test_the_error_of_an_actor_is_that_of_a_thread() -> None:
    config = migrating(
        program={"setup_ops": ["scalar_const_set"], "predict_ops": ["scalar_diff"], "learn_ops": ["scalar_diff"]},
        mutation={"graph_share": 1},
    )
    engine = RayEngine(1)
    try:
        with pytest.raises(ConfigError, match="none is valid"):
            Run(config, engine=engine)
    finally:
        engine.close()


def test_a_node_with_another_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_zero.run.distributed.ray_engine.engine_hash", lambda: "edited")
    engine = RayEngine(1)
    try:
        with pytest.raises(ConfigError, match=r"has another automl-zero, .*not edited\), so results would differ"):
            Run(migrating(), engine=engine)
    finally:
        engine.close()


# The command ----------------------------------------------------------------------------------------------------------


def test_the_command_runs_on_ray(tmp_path: Path) -> None:
    config = small_file(tmp_path)
    for name, more in (("ray", ["--engine", "ray", "--workers", "2"]), ("threads", [])):
        arguments = ["run", str(config), "--out", str(tmp_path / name), "--quiet", *more]
        assert CliRunner().invoke(main, arguments).exit_code == 0
    check_same(tmp_path / "ray", tmp_path / "threads")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", "ray://127.0.0.1:1"])
def test_a_cluster_that_is_not_there_is_reported_at_once(address: str) -> None:
    with pytest.raises(ConfigError, match=f"no Ray cluster at {address} .*: give HOST:PORT of a head node"):
        RayConnection(address)


def process(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from automl_zero.cli import main; main()", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_a_signal_ends_a_run_completely_and_ray_is_silent(tmp_path: Path) -> None:
    limits = ("--set", "stop.max_programs=none", "--set", "stop.max_seconds=60", "--set", "baselines.names=[]")
    folder = tmp_path / "run"
    with process("run", small_file(tmp_path), "--out", folder, "--engine", "ray", *limits, "--quiet") as child:
        wait_until(lambda: (folder / "events.jsonl").exists() and any(clusters(folder)))
        child.send_signal(signal.SIGTERM)
        output, _ = child.communicate(timeout=180)
    assert child.returncode == 143
    assert read_run(folder).events[-1].event == "stop"
    assert output.startswith("small, seed 0: the result of one experiment")
    assert "ended by: interrupted" in output


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
