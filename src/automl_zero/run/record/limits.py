"""When an experiment ends, and when a run does: pure functions of the limits in the config and of what was spent."""

from __future__ import annotations

from dataclasses import dataclass

from automl_zero.config import Config, ConfigError, ExperimentConfig, StopConfig

INTERRUPTED = "interrupted"  # stands where the key of a limit would


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run, or one experiment of it, has used and reached so far.

    Attributes:
        programs: programs made.
        train_steps: training steps done.
        fitness: the best so far: of an experiment on the search tasks, of a run on the select tasks.
        seconds: since the run began.
        experiments: experiments that have ended.
        idle_programs: programs made since the experiment's best fitness rose last.
    """

    programs: int
    train_steps: int
    fitness: float
    seconds: float = 0.0
    experiments: int = 0
    idle_programs: int = 0


def check_ends(config: Config) -> None:
    """Check that something ends the run; a target counts, although nobody knows whether it will be reached.

    Raises:
        ConfigError: nothing does.
    """
    stop = config.stop
    if any(limit is not None for limit in (stop.max_programs, stop.max_train_steps, stop.max_seconds)):
        return
    after_experiments = stop.max_experiments is not None or stop.target_fitness is not None
    if after_experiments and any(limit is not None for name, limit in config.experiment if name != "concurrent"):
        return
    raise ConfigError(
        "nothing would end this run: set stop.max_seconds, stop.max_programs or stop.max_train_steps; or end its "
        "experiments (experiment.max_programs, max_train_steps, target_fitness or patience) and set "
        "stop.max_experiments or stop.target_fitness"
    )


def experiment_limit(limits: ExperimentConfig, spent: Spent) -> str | None:
    """The key of the first limit that an experiment has reached, None if it goes on."""
    reached = {
        "experiment.target_fitness": _reaches(spent.fitness, limits.target_fitness),
        "experiment.max_programs": _reaches(spent.programs, limits.max_programs),
        "experiment.max_train_steps": _reaches(spent.train_steps, limits.max_train_steps),
        "experiment.patience": _reaches(spent.idle_programs, limits.patience),
    }
    return next((key for key, is_reached in reached.items() if is_reached), None)


def run_limit(limits: StopConfig, spent: Spent) -> str | None:
    """The key of the first limit that a run has reached, None if it goes on."""
    reached = {
        "stop.target_fitness": _reaches(spent.fitness, limits.target_fitness),
        "stop.max_experiments": _reaches(spent.experiments, limits.max_experiments),
        "stop.max_programs": _reaches(spent.programs, limits.max_programs),
        "stop.max_train_steps": _reaches(spent.train_steps, limits.max_train_steps),
        "stop.max_seconds": _reaches(spent.seconds, limits.max_seconds),
    }
    return next((key for key, is_reached in reached.items() if is_reached), None)


def _reaches(value: float, limit: float | None) -> bool:
    return limit is not None and value >= limit
