"""Improvements: the ancestry of every member is reported, and reporting it changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.runs.islands import contents, members, new_island
from support.runs.small_config import small_config

from automl_zero.program.program import Program
from automl_zero.search.island import Island
from automl_zero.search.lineage_log import (
    IMPROVING,
    IS_FULL,
    MUTATION_NAMES,
    USED,
    Ancestors,
    Roots,
    collect,
    compact_now,
    new_lineage_log,
)
from automl_zero.search.population import decode, new_population
from automl_zero.vm.lower import new_code

CAPACITY = (2, 1, 1)
START = new_code(CAPACITY).start
METHODS: dict[str, dict[str, Any]] = {
    "tournaments": {"evaluation": {"fingerprint_train": 0}},
    "families": {
        "mutation": {"graph_share": 1, "max_attempts": 100},
        "search": {"method": "minimal-generation-gap", "children": 10},
    },
}
every_method = pytest.mark.parametrize("method", METHODS)


def programs_of(ancestors: Ancestors) -> list[Program]:
    ends = np.cumsum(ancestors.size.sum(axis=1))
    starts = [np.cumsum([end - sum(size), *size]) for end, size in zip(ends.tolist(), ancestors.size, strict=True)]
    sizes = zip(ancestors.size, starts, strict=True)
    return [decode(ancestors.code, ancestors.data, size, start) for size, start in sizes]


def collect_epochs(island: Island, epochs: int, count: int) -> dict[int, tuple[int, Program, float, float]]:
    """Improvements by identity: the one before, the program, its fitness and its parent's."""
    known = {}
    for _ in range(epochs):
        island.run(count)
        found = island.epoch_stats(3).ancestors
        assert set(found.island.tolist()) <= {3}
        rows = zip(found.before.tolist(), programs_of(found), found.fitness, found.parent_fitness, strict=True)
        known.update(zip(found.identity.tolist(), rows, strict=True))
    return known


@every_method
def test_the_ancestry_of_the_best_program_is_reported_and_ends_with_it(method: str) -> None:
    island = new_island(3, [Program()], **METHODS[method])
    known = collect_epochs(island, epochs=30, count=50)
    identity, ancestry = int(island.state.best_ancestor[0]), []
    while identity:
        before, program, fitness, parent_fitness = known[identity]
        assert fitness > parent_fitness
        ancestry.append(program)
        identity = before
    assert ancestry[0] == island.best
    assert len(ancestry) > 1


@every_method
def test_the_ancestor_of_every_member_is_known(method: str) -> None:
    island = new_island(4, [Program()], **METHODS[method])
    known = collect_epochs(island, epochs=10, count=47)
    assert set(island.state.population.ancestor.tolist()) <= {0, *known}
    assert {before for before, *_ in known.values()} <= {0, *known}


@every_method
def test_collecting_improvements_changes_nothing(method: str) -> None:
    one, other = (new_island(5, **METHODS[method]) for _ in range(2))
    collect_epochs(one, epochs=5, count=50)
    for _ in range(5):
        other.run(50)
    assert members(one) == members(other)
    assert contents(one.state.random) == contents(other.state.random)
    assert one.counters == other.counters


def test_where_the_log_is_full_the_search_continues_without_it() -> None:
    island = new_island(6, [Program()], islands={"epoch_programs": 3, "migrants": 0})
    island.run(500)
    lineage_log = island._scratch.lineage_log
    assert lineage_log.status[USED] <= 3
    island.epoch_stats(0)
    assert lineage_log.status.tolist() == [0, 0]


def test_effects_count_the_children_that_were_mutated() -> None:
    island = new_island(7, mutation={"prob": 1})
    made = island.counters["programs"]
    assert not island.state.effects.any()
    island.run(200)
    assert island.state.effects.shape == (len(MUTATION_NAMES), 3)
    assert island.state.effects.sum() == island.counters["programs"] - made


def test_an_improving_child_counts_as_one() -> None:
    island = new_island(3, [Program()], **METHODS["families"])
    island.run(100)
    assert island.state.effects[:, IMPROVING].sum() >= len(island.epoch_stats(0).ancestors.identity) > 0


@given(st.data(), st.integers(1, 12))
def test_a_compaction_keeps_the_ancestors_of_the_living_only(data: st.DataObject, count: int) -> None:
    lineage_log, members, family = (
        new_lineage_log(4, 12, CAPACITY),
        new_population(3, CAPACITY),
        new_population(2, CAPACITY),
    )
    identities = data.draw(st.lists(st.integers(1, 1 << 60), min_size=count, max_size=count, unique=True))
    before = [data.draw(st.sampled_from([0, 1 << 61, *identities[:row]])) for row in range(count)]
    lineage_log.programs.ancestor[:count], lineage_log.before[:count], lineage_log.status[USED] = (
        identities,
        before,
        count,
    )
    lineage_log.born[:count], lineage_log.programs.fitness[:count] = range(count), np.arange(count) / 100
    living = data.draw(st.lists(st.sampled_from([0, *identities]), min_size=6, max_size=6))
    members.ancestor[:], family.ancestor[:] = living[:3], living[3:5]
    roots = Roots(population=members, family=family, best_ancestor=np.array(living[5:], np.uint64))
    compact_now(lineage_log, roots, START)
    ways = dict(zip(identities, before, strict=True))
    needed: set[int] = set()
    for each in living:
        while each in ways:
            needed.add(each)
            each = ways[each]
    collected = collect(lineage_log, START, 0)
    rows = [row for row, identity in enumerate(identities) if identity in needed]
    assert collected.identity.tolist() == [identities[row] for row in rows]
    assert collected.before.tolist() == [before[row] for row in rows]
    assert collected.born.tolist() == rows
    assert collected.fitness.tolist() == [row / 100 for row in rows]
    assert lineage_log.status[IS_FULL] == 0


def test_the_log_has_capacity_for_an_epoch_at_most() -> None:
    config = small_config()
    assert len(new_lineage_log(100, 20, config.program.max_sizes).before) == 20
    assert len(new_lineage_log(1000, 10_000, config.program.max_sizes).before) == 2000


def test_the_statistics_of_an_epoch_say_who_lives_and_how_varied_they_are() -> None:
    island = new_island(8)
    island.run(10)
    epoch_stats, fitness = island.epoch_stats(0), island.state.population.fitness.tolist()
    living = {*island.state.population.ancestor.tolist(), int(island.state.best_ancestor[0])}
    assert epoch_stats.living.tolist() == sorted(living)
    assert epoch_stats.behaviours == len(set(fitness)) > 1
    assert epoch_stats.most_common_count == max(map(fitness.count, fitness))
