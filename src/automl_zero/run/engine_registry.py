"""The engines by name: threads of this process, or a Ray cluster, whose library is loaded only if it is asked for."""

from __future__ import annotations

from automl_zero.config import ConfigError
from automl_zero.run.islands.engine import ClusterError, Engine
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.system.processors import number_of_workers

RAY = "ray"


def choose_engine(name: str, workers: int | None, address: str | None) -> Engine:
    """Make an engine; a cluster is not looked for before islands are needed.

    Args:
        name: ``threads`` or ``ray``.
        workers: at most so many at a time; by default, one for each processor that may be used.
        address: of a Ray cluster; by default, one begins on this machine.

    Raises:
        ConfigError: Ray is not installed, or an address is given to threads.
    """
    if name == RAY:
        return _ray_engine(workers, address)
    if address is not None:
        raise ConfigError(
            f"--address {address} is of a Ray cluster, but the engine is '{name}': give --engine ray, too"
        )
    return ThreadEngine(number_of_workers(workers))


def _ray_engine(workers: int | None, address: str | None) -> Engine:
    try:
        from automl_zero.run.distributed.ray_engine import RayEngine
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "ray":
            raise
        raise ClusterError("--engine ray needs Ray, which is not installed: pip install '.[ray]'") from None
    return RayEngine(workers, address)
