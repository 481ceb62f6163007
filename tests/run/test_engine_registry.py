"""Every engine of the registry can be chosen by its name; what it lacks is reported before a run starts."""

from __future__ import annotations

import subprocess
import sys
from pkgutil import resolve_name

import pytest

from automl_zero.config import ConfigError
from automl_zero.run.engine_registry import DEFAULT_ENGINE, ENGINES, choose_engine
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.system.processors import usable_processors

engines = pytest.mark.parametrize("name", ENGINES)


def test_the_default_is_an_engine_that_needs_no_library() -> None:
    assert ENGINES[DEFAULT_ENGINE].extra is None


@engines
def test_an_engine_has_what_a_run_uses(name: str) -> None:
    kind = resolve_name(ENGINES[name].factory)
    assert all(hasattr(kind, each) for each in ("startup_message", "cluster", "islands", "score", "close"))
    assert isinstance(kind.startup_message, str)
    assert ENGINES[name].description


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_threads_are_as_many_as_asked_for_or_as_usable_processors(workers: int | None) -> None:
    engine = choose_engine("threads", workers, None)
    assert isinstance(engine, ThreadEngine)
    assert engine.workers == (workers or usable_processors())


@pytest.mark.parametrize("name", [name for name, entry in ENGINES.items() if not entry.takes_address])
def test_an_address_is_refused_by_engines_that_take_none(name: str) -> None:
    message = f"is of a Ray cluster, but the engine is '{name}': give --engine ray, too"
    with pytest.raises(ConfigError, match=message):
        choose_engine(name, None, "10.0.0.1:6379")


@pytest.mark.parametrize("name", [name for name, entry in ENGINES.items() if entry.extra])
def test_a_missing_library_is_reported_with_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = ENGINES[name]
    for module in [each for each in sys.modules if each.startswith("automl_zero.run.distributed.ray")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, str(entry.extra), None)
    with pytest.raises(ConfigError, match=rf"--engine {name} needs a library .*: pip install '\.\[{entry.extra}\]'"):
        choose_engine(name, None, None)


def test_the_registries_load_nothing_that_they_list() -> None:
    modules = ["run.engine_registry", "run.tracking.registry", "run.budget"]
    code = f"import sys, {', '.join(f'automl_zero.{each}' for each in modules)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pydantic", "numpy", "numba", "ray", "mlflow", "tensorboard"} & {*loaded}
