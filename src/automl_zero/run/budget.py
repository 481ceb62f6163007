"""Budgets: how much a run may cost, as settings that fit every preset.

A budget changes limits, the number of islands and sizes alone, so that the search is still the preset's. What comes
out is a complete config, which repeats the run without knowing of the budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from automl_zero.config import Config, override, parse_config
from automl_zero.tasks.splits import Stage

PAPER_PROGRAMS = 10**12  # of the main experiment (paper, section 4.2)
PAPER_STEPS = 10**11  # of each process of the reproducible baselines (supplement S10)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a run may cost.

    Attributes:
        description: what to expect of it.
        stop: limits of the run, by their keys; of those on what is spent, these are the only ones.
        most: the most that settings may be, in the shape of the config; what is below stays.
        islands_per_core: islands for each core of the machine; None leaves their number as it is.
        is_told_only: whether a run is not started, but told what it would take, until a limit is given by hand.
    """

    description: str
    stop: Mapping[str, float | None]
    most: Mapping[str, Any] = field(default_factory=dict)
    islands_per_core: int | None = None
    is_told_only: bool = False


_SMALL: Mapping[str, Any] = {
    "tasks": {
        "num_epochs": 2,
        **{stage.value: {"num_tasks": 4, "num_train": 200, "num_valid": 100} for stage in Stage},
    },
    "islands": {"epoch_programs": 1000},
    "baselines": {"trials": 2},
}
_SPENT: Mapping[str, float | None] = dict.fromkeys(("max_programs", "max_train_steps", "max_seconds"))

BUDGETS: Mapping[str, Budget] = MappingProxyType(
    {
        "smoke": Budget("a few seconds, on small tasks: shows that everything works", {"max_seconds": 3.0}, _SMALL),
        "demo": Budget("three minutes", {"max_seconds": 180.0}),
        "laptop": Budget(
            "two hours, with two islands for each core of this machine", {"max_seconds": 7200.0}, islands_per_core=2
        ),
        "paper": Budget(
            "10^12 programs, as in the paper: is not started, but tells what it would take",
            {"max_programs": PAPER_PROGRAMS, "max_experiments": None},
            is_told_only=True,
        ),
    }
)


def with_budget(config: Config, budget: Budget, cores: int, overrides: Sequence[str] = ()) -> Config:
    """The config at a budget on a machine of that many cores; overrides win over the budget.

    Raises:
        ConfigError: an override cannot be used.
    """
    values = config.model_dump(mode="json")
    values["stop"] |= {**_SPENT, **budget.stop}
    for section in (values, *values["islands"]["groups"]):
        _limit(section, budget.most)
    if budget.islands_per_core:
        _set_islands(values, max(budget.islands_per_core * cores, len(config.islands.groups)))
    return override(parse_config(values), overrides)


def is_started(budget: Budget, overrides: Sequence[str]) -> bool:
    """Whether a run at this budget is done; one that is told only has to be asked for, with a limit of one's own."""
    return not budget.is_told_only or any(each.strip().startswith("stop.") for each in overrides)


def _limit(values: dict[str, Any], most: Mapping[str, Any]) -> None:
    """Lower what is above the most; what is not there, or not set, stays so."""
    for key, limit in most.items():
        value = values.get(key)
        if isinstance(value, dict):
            _limit(value, limit)
        elif value is not None:
            values[key] = min(value, limit)


def _set_islands(values: dict[str, Any], count: int) -> None:
    """Change their number, and the limits of an experiment with it, so that an island has as much as before."""
    before, values["islands"]["count"] = values["islands"]["count"], count
    for key in ("max_programs", "max_train_steps", "patience"):
        limit = values["experiment"][key]
        values["experiment"][key] = limit and max(1, limit * count // before)
