"""Budgets: how much a run may cost, as settings that fit every preset.

A budget changes only limits, the number of islands and sizes, so the search is still that of the preset. The result is
a complete config, which repeats the run without the budget. Importing this module loads no config, so that commands can
list the budgets at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl_zero.config import Config

PAPER_PROGRAMS = 10**12  # in the main experiment (paper, section 4.2)
PAPER_STEPS = 10**11  # in each process of the reproducible baselines (supplement S10)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a run may cost.

    Attributes:
        description: what a user sees in the list of budgets.
        stop: limits of the run, by their keys; other limits on programs, training steps and seconds are removed.
        upper_bounds: upper bounds of settings, nested as in the config; smaller values stay.
        islands_per_core: islands for each core of the machine; None leaves their number as it is.
        is_estimate_only: whether a run is only estimated and not started, unless the user sets a limit of their own.
    """

    description: str
    stop: Mapping[str, float | None]
    upper_bounds: Mapping[str, Any] = field(default_factory=dict)
    islands_per_core: int | None = None
    is_estimate_only: bool = False


_SMALL_STAGE = {"num_tasks": 4, "num_train": 200, "num_valid": 100}
_SMALL: Mapping[str, Any] = {
    "tasks": {"num_epochs": 2, "search": _SMALL_STAGE, "select": _SMALL_STAGE, "final": _SMALL_STAGE},
    "islands": {"epoch_programs": 1000},
    "baselines": {"trials": 2},
}
_NO_LIMITS: Mapping[str, float | None] = dict.fromkeys(("max_programs", "max_train_steps", "max_seconds"))

BUDGETS: Mapping[str, Budget] = MappingProxyType(
    {
        "smoke": Budget("a few seconds, on small tasks: shows that everything works", {"max_seconds": 3.0}, _SMALL),
        "demo": Budget("three minutes", {"max_seconds": 180.0}),
        "laptop": Budget(
            "two hours, with two islands for each core of this machine", {"max_seconds": 7200.0}, islands_per_core=2
        ),
        "paper": Budget(
            "10^12 programs, as in the paper: estimates the cost without starting the run",
            {"max_programs": PAPER_PROGRAMS, "max_experiments": None},
            is_estimate_only=True,
        ),
    }
)


def with_budget(config: Config, budget: Budget, cores: int, overrides: Sequence[str] = ()) -> Config:
    """Apply a budget to a config, on a machine with ``cores`` cores; overrides take precedence over the budget.

    Raises:
        ConfigError: an override cannot be used.
    """
    from automl_zero.config import override, parse_config

    values = config.model_dump(mode="json")
    values["stop"] |= {**_NO_LIMITS, **budget.stop}
    for section in (values, *values["islands"]["groups"]):
        _limit(section, budget.upper_bounds)
    if budget.islands_per_core:
        _set_islands(values, max(budget.islands_per_core * cores, len(config.islands.groups)))
    return override(parse_config(values), overrides)


def is_started(budget: Budget, overrides: Sequence[str]) -> bool:
    """Return whether a run at this budget starts: one that is estimate-only does if an override sets a limit."""
    return not budget.is_estimate_only or any(each.strip().startswith("stop.") for each in overrides)


def _limit(values: dict[str, Any], upper_bounds: Mapping[str, Any]) -> None:
    """Lower values in place that are above their bounds; missing values and None stay."""
    for key, limit in upper_bounds.items():
        value = values.get(key)
        if isinstance(value, dict):
            _limit(value, limit)
        elif value is not None:
            values[key] = min(value, limit)


def _set_islands(values: dict[str, Any], count: int) -> None:
    """Change the number of islands, and the limits of an experiment in proportion."""
    before, values["islands"]["count"] = values["islands"]["count"], count
    for key in ("max_programs", "max_train_steps", "patience"):
        limit = values["experiment"][key]
        values["experiment"][key] = limit and max(1, limit * count // before)
