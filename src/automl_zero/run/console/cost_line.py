"""The expected cost of a run as one line: what its limits allow, at the speed that was measured on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from automl_zero.config import Config
from automl_zero.run.console.formatting import NOT_DETERMINISTIC, duration, short_number, span
from automl_zero.run.record.events import Estimate

HOUR = 3600.0
Span = tuple[float, float]  # least and most


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run spends until it reaches the first limit of its config.

    Attributes:
        seconds: the least and the most; so are ``programs`` and ``train_steps``.
        is_limited: whether there is such a limit; if not, the values are those of an hour.
        may_end_early: whether the run may end before, because it reaches a fitness or stops improving.
    """

    seconds: Span
    programs: Span
    train_steps: Span
    is_limited: bool
    may_end_early: bool


def cost(estimate: Estimate, config: Config) -> Cost:
    """Compute the cost of the search of a run; scoring its result takes additional time."""
    stop, experiment = config.stop, config.experiment
    programs = min(stop.max_programs or inf, _product(stop.max_experiments, experiment.max_programs))
    steps = min(stop.max_train_steps or inf, _product(stop.max_experiments, experiment.max_train_steps))
    is_limited = min(programs, steps, stop.max_seconds or inf) < inf
    seconds = (stop.max_seconds or inf) if is_limited else HOUR
    (fast, slow), (few, many), (low, high) = (
        estimate.seconds_per_program,
        estimate.steps_per_program,
        estimate.steps_per_second,
    )
    return Cost(
        seconds=(min(seconds, programs * fast, steps / high), min(seconds, programs * slow, steps / low)),
        programs=(min(programs, seconds / slow, steps / many), min(programs, seconds / fast, steps / few)),
        train_steps=(min(steps, programs * few, seconds * low), min(steps, programs * many, seconds * high)),
        is_limited=is_limited,
        may_end_early=stop.target_fitness is not None or _ends_by_experiments(config),
    )


def _product(one: int | None, other: int | None) -> float:
    return inf if one is None or other is None else one * other


def _ends_by_experiments(config: Config) -> bool:
    """Return whether the run ends with its last experiment, and experiments may end by fitness or patience."""
    early = config.experiment.target_fitness is not None or config.experiment.patience is not None
    return config.stop.max_experiments is not None and early


def cost_line(estimate: Estimate, config: Config) -> str:
    """Return the expected cost as one line."""
    found = cost(estimate, config)
    time = span(*map(duration, found.seconds))
    when = f"{'at most ' if found.may_end_early else ''}{time}" if found.is_limited else "each hour"
    numbers = f"{_numbers(found.programs)} programs, {_numbers(found.train_steps)} train steps"
    return f"expected: {when}, {numbers}{'' if config.islands.synchronous else f'; {NOT_DETERMINISTIC}'}"


def _numbers(values: Span) -> str:
    least, most = (short_number(value, digits=2) for value in values)
    return span(least, most)


def time_of_steps(estimate: Estimate, steps: float) -> str:
    """Return how long this many training steps take on this machine, such as ``2 to 3 hours``."""
    low, high = estimate.steps_per_second
    return span(duration(steps / high), duration(steps / low))
