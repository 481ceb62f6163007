"""The budget of an estimator's search, and the config that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from automl_zero.config import Config, load_config, override

KNOWN = "known"  # the value of ``initial`` that starts from the known algorithms, tuned
EPOCH_PROGRAMS = 250  # programs of an island between two checks of the clock
MEMORY = {"scalars": 8, "vectors": 14, "matrices": 4}  # what the known algorithms need, and some more
SIZES = (7, 11, 23)  # instructions of Setup, Predict and Learn, likewise
COST_LIMIT = 5.0  # in units of the two-layer net for two classes; the one for more classes costs nearly three


@dataclass(frozen=True)
class SearchBudget:
    """The budget of a search, and its settings.

    Attributes:
        max_seconds: the time limit; None is no limit.
        max_programs: the number of programs to evolve; None is no limit.
        initial: ``known``, or a value of the config's ``program.initial``.
        preset: the name or file of the search's config.
        overrides: overrides of its keys, such as ``islands.count=8``.
        workers: the number of threads.
        members: the number of models in the final ensemble, each a training of the chosen program.
        on_progress: called with a line of text on the progress.
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
    """Return the config of the search: the preset with a memory for the known algorithms, and epochs to fit the budget.

    Raises:
        ConfigError: there is no such preset, or an override cannot be used.
    """
    config = load_config(budget.preset)
    own = _capacity(config) | _epoch_sizes(config, budget)
    if budget.initial != KNOWN:
        own["program.initial"] = budget.initial
    return override(override(config, [f"{key}={value}" for key, value in own.items()]), budget.overrides)


def _capacity(config: Config) -> dict[str, Any]:
    """Return sizes of memory and programs that suffice for the known algorithms."""
    limit = config.evaluation.cost_limit
    memory = {f"memory.{name}": max(least, getattr(config.memory, name)) for name, least in MEMORY.items()}
    sizes = [max(pair) for pair in zip(config.program.max_sizes, SIZES, strict=True)]
    return {**memory, "program.max_sizes": sizes, "evaluation.cost_limit": max(limit, COST_LIMIT) if limit else 0}


def _epoch_sizes(config: Config, budget: SearchBudget) -> dict[str, Any]:
    """Return epochs that are short enough to check the clock often, and to have several in a small budget."""
    islands, share = config.islands, (budget.max_programs or 10**9) // (4 * config.islands.count)
    epoch = max(2, min(EPOCH_PROGRAMS, config.search.children, share))
    population = max(2, min(config.search.population_size, share))
    return {
        "search.children": epoch,
        "search.population_size": population,
        "islands.epoch_programs": epoch,
        "islands.migrants": min(islands.migrants, population),
        "islands.migration_epochs": max(1, islands.epoch_programs * islands.migration_epochs // epoch),
    }
