"""Migration: programs move between islands by a plan that follows from a seed alone.

As in the paper (section 3.2 and supplement S3), where every worker sends random programs to a server and gets as many
back, drawn evenly over all workers. A program's fitness travels with it; ``slots_to_rescore`` tells where it does not
hold.
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
Programs = Mapping[str, Array]  # of some members, by the names in MOVED: [programs, ...]

# Of a population; its age order stays: a migrant takes its slot's age.
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
    """Draw the migration that follows an epoch; every member of every island is equally likely to be copied."""
    rng = generator_at(seed, "migration", epoch)
    targets = [rng.choice(population_size, migrants, replace=False) for _ in range(num_islands)]
    island, slot = np.divmod(rng.integers(num_islands * population_size, size=(num_islands, migrants)), population_size)
    return MigrationPlan(np.array(targets), island, slot)


def slots_to_rescore(plan: MigrationPlan, habitats: Sequence[object]) -> list[list[int]]:
    """Of every island, the target slots that get a program from other tasks, in the order of the plan.

    ``habitats`` [islands] are what the islands score programs on: the same object stands for the same tasks.
    """
    kinds = np.array([id(habitat) for habitat in habitats])
    is_strange = kinds[plan.source_island] != kinds[:, None]
    return [slots[chosen].tolist() for slots, chosen in zip(plan.target_slot, is_strange, strict=True)]


def migrate(plan: MigrationPlan, populations: Sequence[Population], keep_fittest: bool = False) -> None:
    """Carry a plan out: all migrants are taken from the populations as they were before the first of them moved."""
    leaving = [extract(population, slots) for population, slots in zip(populations, departures(plan), strict=True)]
    for population, slots, programs in zip(populations, plan.target_slot, distribute(plan, leaving), strict=True):
        insert_migrants(population, slots, programs, keep_fittest)


def departures(plan: MigrationPlan) -> list[NDArray[np.int64]]:
    """Of every island, the slots of the programs that leave it, once for each copy that is needed."""
    ends = np.cumsum(np.bincount(plan.source_island.ravel(), minlength=len(plan.source_island)))
    return np.split(plan.source_slot.ravel()[_by_source(plan)], ends[:-1])


def extract(population: Population, slots: NDArray[np.int64]) -> Programs:
    """Copies of the members in these slots."""
    return {name: getattr(population, name)[slots] for name in MOVED}


def distribute(plan: MigrationPlan, leaving: Sequence[Programs]) -> list[Programs]:
    """What arrives on every island, in the order of its target slots, of what leaves them all as in ``departures``."""
    order = _by_source(plan)
    arriving = {name: _in_order_of_targets(plan, order, [each[name] for each in leaving]) for name in MOVED}
    return [{name: arriving[name][island] for name in MOVED} for island in range(len(leaving))]


def insert_migrants(
    population: Population, slots: NDArray[np.int64], programs: Programs, keep_fittest: bool = False
) -> None:
    """Put programs into these slots, but for that of the fittest member if it is to be kept."""
    open_to_all = slots != np.argmax(population.fitness) if keep_fittest else np.full(len(slots), True)
    for name in MOVED:
        getattr(population, name)[slots[open_to_all]] = programs[name][open_to_all]


def _by_source(plan: MigrationPlan) -> NDArray[np.intp]:
    """The migrants, numbered row by row, in the order of the islands that they come from."""
    return np.argsort(plan.source_island.ravel(), kind="stable")


def _in_order_of_targets(plan: MigrationPlan, order: NDArray[np.intp], leaving: Sequence[Array]) -> Array:
    """[islands, migrants, ...]."""
    together = np.concatenate(leaving)
    arriving = np.empty_like(together)
    arriving[order] = together
    return arriving.reshape(*plan.target_slot.shape, *together.shape[1:])
