"""What a search for an estimator may spend, and the config that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from automl_zero.config import Config, load_config, override

KNOWN = "known"  # as ``initial``: the known algorithms, tuned
FAMILY = 250  # programs of an island between two looks at the clock
MEMORY = {"scalars": 8, "vectors": 14, "matrices": 4}  # that known algorithms need, and some more
SIZES = (7, 11, 23)
COST_LIMIT = 5.0  # of the two-layer net for two classes; that for more costs nearly three times as much


@dataclass(frozen=True)
class SearchBudget:
    """How much may be spent, and on what.

    Attributes:
        max_seconds: None is no limit; ``max_programs``: that the search makes, None is no limit.
        initial: ``known``, or what the config's ``program.initial`` may be.
        preset: name or file of the search's config; ``overrides``: of its keys, such as ``islands.count=8``.
        workers: threads.
        members: how often the chosen program will be trained.
        on_progress: is given a line on how far it is.
    """

    max_seconds: float | None = None
    max_programs: int | None = None
    initial: str = KNOWN
    preset: str = "table"
    overrides: Sequence[str] = ()
    workers: int = 1
    members: int = 8
    on_progress: Callable[[str], None] = lambda _: None


def search_config(budget: SearchBudget) -> Config:
    """The config of the search: the preset's, with room for the known algorithms, and its steps as small as the budget.

    Raises:
        ConfigError: there is no such preset, or an override cannot be used.
    """
    config = load_config(budget.preset)
    own = _room(config) | _steps(config, budget)
    if budget.initial != KNOWN:
        own["program.initial"] = budget.initial
    return override(override(config, [f"{key}={value}" for key, value in own.items()]), budget.overrides)


def _room(config: Config) -> dict[str, Any]:
    """At least as much as the known algorithms need."""
    limit = config.evaluation.cost_limit
    memory = {f"memory.{name}": max(least, getattr(config.memory, name)) for name, least in MEMORY.items()}
    sizes = [max(pair) for pair in zip(config.program.max_sizes, SIZES, strict=True)]
    return {**memory, "program.max_sizes": sizes, "evaluation.cost_limit": max(limit, COST_LIMIT) if limit else 0}


def _steps(config: Config, budget: SearchBudget) -> dict[str, Any]:
    """Epochs so short that the clock is looked at often, and that a small number of programs makes some of them."""
    islands, share = config.islands, (budget.max_programs or 10**9) // (4 * config.islands.count)
    epoch = max(2, min(FAMILY, config.search.children, share))
    population = max(2, min(config.search.population_size, share))
    return {
        "search.children": epoch,
        "search.population_size": population,
        "islands.epoch_programs": epoch,
        "islands.migrants": min(islands.migrants, population),
        "islands.migration_epochs": max(1, islands.epoch_programs * islands.migration_epochs // epoch),
    }
