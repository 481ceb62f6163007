"""The registry of engines: one row for each, which commands and tests use.

Importing this module loads no engine; ``choose_engine`` imports the one that is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl_zero.run.islands.engine import Engine


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """An engine: a row of ``ENGINES``.

    Attributes:
        description: where it runs islands.
        factory: ``module:class`` of the engine; called with the number of workers, and the address if it takes one.
        takes_address: whether it connects to a cluster by an address.
        extra: the extra of this package that installs its library, which has the same name; None if it needs none.
    """

    description: str
    factory: str
    takes_address: bool = False
    extra: str | None = None


DEFAULT_ENGINE = "threads"
ENGINES: Mapping[str, EngineEntry] = MappingProxyType(
    {
        "threads": EngineEntry("threads of this process", "automl_zero.run.islands.thread_engine:ThreadEngine"),
        "ray": EngineEntry(
            "processes of a Ray cluster: on this machine, or on many nodes",
            "automl_zero.run.distributed.ray_engine:RayEngine",
            takes_address=True,
            extra="ray",
        ),
    }
)


def choose_engine(name: str, workers: int | None, address: str | None) -> Engine:
    """Create an engine; it connects to a cluster only when islands are created.

    Args:
        name: one of ``ENGINES``.
        workers: at most this many at a time; by default, one for each usable processor.
        address: that of a cluster; by default, one starts on this machine.

    Raises:
        ConfigError: its library is not installed, or it does not take an address.

    Example:
        >>> choose_engine("threads", workers=2, address=None).workers
        2
    """
    from automl_zero.config import ConfigError

    entry = ENGINES[name]
    if address is not None and not entry.takes_address:
        others = " or ".join(f"--engine {other}" for other, each in ENGINES.items() if each.takes_address)
        raise ConfigError(f"--address {address} is of a Ray cluster, but the engine is '{name}': give {others}, too")
    factory = _load(name, entry)
    engine: Engine = factory(workers, address) if entry.takes_address else factory(workers)
    return engine


def _load(name: str, entry: EngineEntry) -> Any:
    """Import the class of an engine."""
    try:
        return resolve_name(entry.factory)
    except ModuleNotFoundError as error:
        if entry.extra is None or (error.name or "").partition(".")[0] != entry.extra:
            raise
        from automl_zero.run.islands.engine import ClusterError

        raise ClusterError(
            f"--engine {name} needs a library that is not installed: pip install '.[{entry.extra}]'"
        ) from None
