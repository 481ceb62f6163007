"""Migration: programs are copied between islands by a plan that depends on a seed alone.

As in the paper (section 3.2 and supplement S3), every worker sends random programs to a server and gets as many back,
drawn evenly over all workers. The fitness of a program travels with it; ``slots_to_rescore`` gives the slots where it
is not valid, because the tasks are others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl_zero.rng import generator_at
from automl_zero.search.population import Population

Array = NDArray[Any]
Programs = Mapping[str, Array]  # arrays [programs, ...] of some members, by the names in MOVED

# The arrays of a population that migrants are copied to. The age order stays: a migrant takes the age of its slot.
MOVED = ("code", "data", "size", "fitness", "live", "structure", "ancestor")


@dataclass(frozen=True, eq=False)
class MigrationPlan:
    """Which programs move where; all arrays are [islands, migrants].

    Attributes:
        target_slot: slots of the row's island that are overwritten, distinct within a row.
        source_island: the island that each migrant comes from, which may be its own.
        source_slot: its slot there, before the migration.
    """

    target_slot: NDArray[np.int64]
    source_island: NDArray[np.int64]
    source_slot: NDArray[np.int64]


def plan_migration(seed: int, epoch: int, num_islands: int, population_size: int, migrants: int) -> MigrationPlan:
    """Draw the migration after an epoch.

    Every member of every island is equally likely to be copied; the slots that a copy replaces are drawn without
    replacement on each island.
    """
    rng = generator_at(seed, "migration", epoch)
    targets = [rng.choice(population_size, migrants, replace=False) for _ in range(num_islands)]
    island, slot = np.divmod(rng.integers(num_islands * population_size, size=(num_islands, migrants)), population_size)
    return MigrationPlan(np.array(targets), island, slot)


def slots_to_rescore(plan: MigrationPlan, tasks: Sequence[object]) -> list[list[int]]:
    """Return the target slots on every island that get a program from other tasks, in the order of the plan.

    ``tasks`` [islands] are what the islands score programs on; islands with the same tasks share one object.
    """
    kinds = np.array([id(each) for each in tasks])
    is_foreign = kinds[plan.source_island] != kinds[:, None]
    return [slots[chosen].tolist() for slots, chosen in zip(plan.target_slot, is_foreign, strict=True)]


def migrate(plan: MigrationPlan, populations: Sequence[Population], keep_fittest: bool = False) -> None:
    """Carry out a plan; all migrants are copies of members as they were before the migration."""
    leaving = [extract(population, slots) for population, slots in zip(populations, departures(plan), strict=True)]
    for population, slots, programs in zip(populations, plan.target_slot, distribute(plan, leaving), strict=True):
        insert_migrants(population, slots, programs, keep_fittest)


def departures(plan: MigrationPlan) -> list[NDArray[np.int64]]:
    """Return the slots of the programs that leave every island, once for each copy."""
    ends = np.cumsum(np.bincount(plan.source_island.ravel(), minlength=len(plan.source_island)))
    return np.split(plan.source_slot.ravel()[_by_source(plan)], ends[:-1])


def extract(population: Population, slots: NDArray[np.int64]) -> Programs:
    """Return copies of the members in these slots."""
    return {name: getattr(population, name)[slots] for name in MOVED}


def distribute(plan: MigrationPlan, leaving: Sequence[Programs]) -> list[Programs]:
    """Return the immigrants of every island in the order of its target slots.

    ``leaving`` are the emigrants of every island in the order of ``departures``.
    """
    order = _by_source(plan)
    arriving = {name: _by_target(plan, order, [each[name] for each in leaving]) for name in MOVED}
    return [{name: arriving[name][island] for name in MOVED} for island in range(len(leaving))]


def insert_migrants(
    population: Population, slots: NDArray[np.int64], programs: Programs, keep_fittest: bool = False
) -> None:
    """Replace the members in these slots by programs, except the fittest member if ``keep_fittest``."""
    is_replaced = slots != np.argmax(population.fitness) if keep_fittest else np.full(len(slots), True)
    for name in MOVED:
        getattr(population, name)[slots[is_replaced]] = programs[name][is_replaced]


def _by_source(plan: MigrationPlan) -> NDArray[np.intp]:
    """Return the indices of the migrants, counted row by row, in the order of the islands that they come from."""
    return np.argsort(plan.source_island.ravel(), kind="stable")


def _by_target(plan: MigrationPlan, order: NDArray[np.intp], leaving: Sequence[Array]) -> Array:
    """Reorder one array of the emigrants, which are by source, to [islands, migrants, ...] by target."""
    together = np.concatenate(leaving)
    arriving = np.empty_like(together)
    arriving[order] = together
    return arriving.reshape(*plan.target_slot.shape, *together.shape[1:])
