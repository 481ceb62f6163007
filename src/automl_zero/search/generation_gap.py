"""Minimal Generation Gap: two members have many children, and two of the family take their places.

One place is for the fittest, the other for one that is fit or rare: rare in its structure, which is the program without
its constants (Mishima and Ono 2025). So a population keeps what is new until its constants have been found.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automl_zero.search.population import Population, copy_member, is_better
from automl_zero.search.state import Settings
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import KERNEL, LEFT, RIGHT, TARGET, Lowered, mix


@jit
def skeleton_hash(program: Lowered) -> Any:
    """Hash of a lowered program, before it is fused or placed, without its constants."""
    key = np.uint64(0x13198A2E03707344)
    for component in range(3):
        key = mix(key, np.uint64(component))
        for row in range(program.bounds[component], program.bounds[component + 1]):
            code = program.code[row]
            key = mix(key, np.uint64((code[KERNEL] << 24) | (code[LEFT] << 16) | (code[RIGHT] << 8) | code[TARGET]))
    return key


@jit
def survive(
    population: Population, first: int, second: int, family: Population, size: int, settings: Settings, start: Any
) -> None:
    """Put two of a family in the places of its parents, who stand at the end of the family.

    Args:
        population: takes in the survivors.
        first: slot of a parent, which the fittest takes: in steps and by length, as in tournaments.
        second: slot of the other parent.
        family: children, then both parents.
        size: of the family; rows after it do not matter.
        settings: with the weight w of the second survivor's rarity: it has the highest (1 - w) fitness + w / (n + 1),
            where n other members share its structure.
        start: [4] first rows of the component functions, as in ``Code``.
    """
    best = 0
    for each in range(1, size):
        if is_better(family, each, best, settings.fitness_resolution, settings.parsimony):
            best = each
    copy_member(family, best, population, first, start)
    other, highest = -1, -1.0
    for each in range(size):
        if each != best:
            others = _with_structure(population, family.structure[each], second)
            merit = (1.0 - settings.rarity) * family.fitness[each] + settings.rarity / (others + 1.0)
            if merit > highest:
                other, highest = each, merit
    copy_member(family, other, population, second, start)


@jit
def _with_structure(population: Population, structure: Any, leaving: int) -> int:
    """Number of members with a structure, without the one that leaves."""
    count = 0
    for slot in range(population.structure.shape[0]):
        count += population.structure[slot] == structure and slot != leaving
    return count
