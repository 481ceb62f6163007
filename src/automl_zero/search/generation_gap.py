"""Minimal Generation Gap: two members have a family of children, and two of the family replace them.

One survivor is the fittest, the other is fit or rare: rare in its skeleton, which is the program without its constants
(Mishima and Ono 2025). So a population keeps a new skeleton until its constants have been found.
"""

from __future__ import annotations

import numpy as np

from automl_zero.search.conventions import NUM_COMPONENTS, ComponentStarts, Key
from automl_zero.search.population import Population, copy_member, in_steps, is_better
from automl_zero.search.state import Settings
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import KERNEL, LEFT, RIGHT, TARGET, Lowered, mix


@jit
def skeleton_hash(program: Lowered) -> Key:
    """Return a hash of a lowered program without its constants, before it is fused or allocated."""
    key = np.uint64(0x13198A2E03707344)  # digits of pi, as in ``vm.lower.lower``, but others
    for component in range(NUM_COMPONENTS):
        key = mix(key, np.uint64(component))
        for row in range(program.bounds[component], program.bounds[component + 1]):
            code = program.code[row]
            # One word of four bytes: op, inputs and output; each is below 256.
            key = mix(key, np.uint64((code[KERNEL] << 24) | (code[LEFT] << 16) | (code[RIGHT] << 8) | code[TARGET]))
    return key


@jit
def replace_parents(
    population: Population,
    parents: tuple[int, int],
    family: Population,
    size: int,
    settings: Settings,
    start: ComponentStarts,
) -> None:
    """Replace both parents by two of their family (Mishima and Ono 2025).

    Args:
        population: takes in the survivors.
        parents: slots of the parents. The first goes to the fittest, in steps and by length as in tournaments.
        family: children, then both parents, which compete with them.
        size: of the family; rows after it do not matter.
        settings: with the weight w of the second survivor's rarity: it has the highest (1 - w) fitness + w / (n + 1),
            where n other members share its skeleton.
        start: [4] first rows of the component functions, as in ``Code``.
    """
    first, second = parents
    best = 0  # of equals the first, so a child before its parents: neutral changes survive
    for each in range(1, size):
        if is_better(family, each, best, settings.fitness_resolution, settings.parsimony):
            best = each
    copy_member(family, best, population, first, start)
    # Only now is rarity counted: the population has the fittest already, and the second parent is about to leave.
    other, highest = -1, -1.0
    for each in range(size):
        if each != best:
            others = _num_rivals(population, family, each, second, settings)
            merit = (1.0 - settings.rarity) * family.fitness[each] + settings.rarity / (others + 1.0)
            if merit > highest:
                other, highest = each, merit
    copy_member(family, other, population, second, start)


@jit
def _num_rivals(population: Population, family: Population, each: int, leaving: int, settings: Settings) -> int:
    """Return the number of members that make one of a family less rare, without the one in the slot ``leaving``.

    They share its skeleton or, with parsimony, are as fit and shorter: an instruction without use makes no new program.
    """
    count, resolution = 0, settings.fitness_resolution
    step = in_steps(family.fitness[each], resolution)
    for slot in range(population.structure.shape[0]):
        is_rival = population.structure[slot] == family.structure[each]
        if settings.parsimony and population.live[slot] < family.live[each]:
            is_rival = is_rival or in_steps(population.fitness[slot], resolution) == step
        count += is_rival and slot != leaving
    return count
