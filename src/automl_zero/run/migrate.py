"""Migration: programs move between islands by a plan that follows from a seed alone.

As in the paper (section 3.2 and supplement S3), where every worker sends random programs to a server and gets as many
back, drawn evenly over all workers. A program's fitness travels with it; ``strangers`` tells where it does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl_zero.rng import generator_at
from automl_zero.search.population import Population

Array = NDArray[Any]

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


def strangers(plan: MigrationPlan, habitats: Sequence[object]) -> list[list[int]]:
    """Of every island, the target slots that get a program from other tasks, in the order of the plan.

    ``habitats`` [islands] are what the islands score programs on: the same object stands for the same tasks.
    """
    return [
        [int(slot) for slot, source in zip(slots, sources, strict=True) if habitats[source] is not habitat]
        for habitat, slots, sources in zip(habitats, plan.target_slot, plan.source_island, strict=True)
    ]


def migrate(plan: MigrationPlan, populations: Sequence[Population]) -> None:
    """Carry a plan out: all migrants are taken from the populations as they were before the first of them moved."""
    for name in MOVED:
        arrays = [getattr(population, name) for population in populations]
        arriving = [_gather(arrays, *sources) for sources in zip(plan.source_island, plan.source_slot, strict=True)]
        for array, slots, programs in zip(arrays, plan.target_slot, arriving, strict=True):
            array[slots] = programs


def _gather(arrays: Sequence[Array], islands: NDArray[np.int64], slots: NDArray[np.int64]) -> Array:
    programs: Array = np.empty_like(arrays[0], shape=(len(slots), *arrays[0].shape[1:]))
    for migrant, (island, slot) in enumerate(zip(islands, slots, strict=True)):
        programs[migrant] = arrays[island][slot]
    return programs
