"""The limits that end an experiment or a run: pure functions of the config and of the usage so far.

A limit is one row of a table: the name of its key in the config, and the value that it is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from automl_zero.config import Config, ConfigError, ExperimentConfig, StopConfig

INTERRUPTED = "interrupted"  # stands for the key of a limit


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run, or one of its experiments, has used and reached so far.

    Attributes:
        programs: programs made.
        train_steps: training steps executed.
        fitness: the best so far: of an experiment on the search tasks, of a run on the select tasks.
        seconds: seconds since the run started.
        experiments: experiments that have ended.
        idle_programs: programs made since the best fitness of the experiment last rose.
    """

    programs: int
    train_steps: int
    fitness: float
    seconds: float = 0.0
    experiments: int = 0
    idle_programs: int = 0


# The attribute of ``Usage`` that each limit is compared with, by its key; the first limit that is reached counts.
EXPERIMENT_LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "target_fitness": "fitness",
        "max_programs": "programs",
        "max_train_steps": "train_steps",
        "patience": "idle_programs",
    }
)
RUN_LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "target_fitness": "fitness",
        "max_experiments": "experiments",
        "max_programs": "programs",
        "max_train_steps": "train_steps",
        "max_seconds": "seconds",
    }
)


def check_ends(config: Config) -> None:
    """Check that some limit ends the run; a target counts, although it may never be reached.

    Raises:
        ConfigError: none does.
    """
    stop = config.stop
    if any(limit is not None for limit in (stop.max_programs, stop.max_train_steps, stop.max_seconds)):
        return
    after_experiments = stop.max_experiments is not None or stop.target_fitness is not None
    if after_experiments and any(getattr(config.experiment, key) is not None for key in EXPERIMENT_LIMITS):
        return
    raise ConfigError(
        "nothing would end this run: set stop.max_seconds, stop.max_programs or stop.max_train_steps; or end its "
        "experiments (experiment.max_programs, max_train_steps, target_fitness or patience) and set "
        "stop.max_experiments or stop.target_fitness"
    )


def experiment_limit(limits: ExperimentConfig, usage: Usage) -> str | None:
    """Return the key of the first limit that an experiment has reached, such as ``experiment.patience``, or None."""
    return _first_reached("experiment", EXPERIMENT_LIMITS, limits, usage)


def run_limit(limits: StopConfig, usage: Usage) -> str | None:
    """Return the key of the first limit that a run has reached, such as ``stop.max_programs``, or None.

    Example:
        >>> run_limit(StopConfig(max_programs=600), Usage(programs=600, train_steps=0, fitness=0.5))
        'stop.max_programs'
    """
    return _first_reached("stop", RUN_LIMITS, limits, usage)


def _first_reached(
    section: str, table: Mapping[str, str], limits: ExperimentConfig | StopConfig, usage: Usage
) -> str | None:
    for key, attribute in table.items():
        limit: float | None = getattr(limits, key)
        if limit is not None and getattr(usage, attribute) >= limit:
            return f"{section}.{key}"
    return None
