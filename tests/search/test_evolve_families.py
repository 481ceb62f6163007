"""The search loop over graphs and families: what a child is, who gives way, and that a seed decides everything."""

from __future__ import annotations

from itertools import pairwise
from threading import Thread
from typing import Any

import numpy as np
import pytest
from support.programs.graphs import looks_valid
from support.runs.islands import contents, fitness, member, members, new_island, newest, tasks_of, true_fitness
from support.runs.small_config import small_config

from automl_zero.config import ConfigError
from automl_zero.program.library import library_program
from automl_zero.program.program import AddressCounts, Instruction, Program
from automl_zero.search.island import Island

LINEAR = library_program("linear_regression")
SIZE = 20  # of the population
CHILDREN = 10
GRAPHS: dict[str, Any] = {"mutation": {"graph_share": 1, "max_attempts": 100}}
FAMILIES: dict[str, Any] = {
    **GRAPHS,
    "search": {"method": "minimal-generation-gap", "children": CHILDREN},
    "islands": {"epoch_programs": 50, "migrants": 5},
}
MIXED: dict[str, Any] = {**FAMILIES, "mutation": {"graph_share": 0.5, "max_attempts": 5, "neutral_share": 0.2}}
METHODS = {"graphs": GRAPHS, "families": FAMILIES, "mixed families": MIXED}

every_method = pytest.mark.parametrize("method", METHODS)


def increase(island: Island, before: dict[str, int]) -> dict[str, int]:
    return {name: value - before[name] for name, value in island.counters.items()}


# Families ---------------------------------------------------------------------------------------------------------


def test_a_family_takes_the_places_of_its_parents_and_nobody_else_moves() -> None:
    island = new_island(1, **FAMILIES)
    for _ in range(40):
        before, programs = members(island), island.counters["programs"]
        island.run(CHILDREN)
        changed = [slot for slot, program in enumerate(members(island)) if program != before[slot]]
        assert len(changed) <= 2
        assert island.counters["programs"] == programs + CHILDREN
        assert len(fitness(island)) == SIZE


def test_the_last_family_of_an_epoch_may_be_smaller() -> None:
    island = new_island(1, **FAMILIES)
    before, programs = members(island), island.counters["programs"]
    island.run(CHILDREN + 3)
    assert island.counters["programs"] == programs + CHILDREN + 3
    assert 1 <= sum(one != other for one, other in zip(before, members(island), strict=True)) <= 4
    assert all(map(looks_valid, members(island)))


def test_the_best_member_is_never_lost_and_scores_are_true_ones() -> None:
    island, config = new_island(2, **FAMILIES), small_config(**FAMILIES)
    best = [max(fitness(island))]
    for _ in range(40):
        island.run(CHILDREN)
        best.append(max(fitness(island)))
    assert all(before <= after for before, after in pairwise(best))
    assert best[-1] > best[0]
    off = [abs(true_fitness(p, config) - score) for p, score in zip(members(island), fitness(island), strict=True)]
    assert np.mean(np.array(off) < 1e-3) > 0.9  # but for fingerprints


def test_without_rarity_parents_survive_worse_children() -> None:
    """All children of one random program are random."""
    search = {**FAMILIES["search"], "rarity": 0}
    mutation = {"prob": 1, "weights": {"randomize_program": 1}}
    island = new_island(3, [LINEAR], **{**FAMILIES, "search": search, "mutation": mutation})
    first = fitness(island)[0]
    for _ in range(30):
        island.run(CHILDREN)
    assert min(fitness(island)) >= first


def test_rare_programs_survive_where_rarity_counts() -> None:
    counts = []
    for rarity in (0.0, 1.0):
        island = new_island(4, [LINEAR], **{**FAMILIES, "search": {**FAMILIES["search"], "rarity": rarity}})
        for _ in range(30):
            island.run(CHILDREN)
        counts.append(len(set(island.state.population.structure.tolist())))
    assert counts[0] < counts[1]


def test_programs_of_a_family_are_counted_once() -> None:
    island = new_island(5, **MIXED)
    before = island.counters
    island.run(30 * CHILDREN)
    found = increase(island, before)
    ends = ("evaluated", "cache_hits", "fingerprint_hits", "over_cost", "cannot_learn", "below_hurdle")
    assert found["programs"] == 30 * CHILDREN == sum(found[name] for name in ends)


# Children ---------------------------------------------------------------------------------------------------------


@every_method
def test_random_programs_and_children_are_valid_and_fit(method: str) -> None:
    changes = METHODS[method]
    island = new_island(6, **changes)
    assert all(looks_valid(program) for program in members(island))
    for _ in range(20):
        island.run(2 * CHILDREN)
        for program in members(island):
            program.check_fits(AddressCounts(4, 3, 1), (4, 3, 6))
            assert looks_valid(program) or method == "mixed families"


@pytest.mark.parametrize("mutation", [{"graph_share": 1}, {"prob": 1}], ids=["graph", "code"])
def test_a_child_that_is_known_is_rejected_and_made_again(mutation: dict[str, Any]) -> None:
    hits = []
    for attempts in (1, 100):
        island = new_island(7, [LINEAR], **{**FAMILIES, "mutation": {**mutation, "max_attempts": attempts}})
        before = island.counters
        island.run(50 * CHILDREN)
        found = increase(island, before)
        hits.append(found["cache_hits"])
        assert (found["rejected_drafts"] > 0) == (attempts > 1)
    assert hits[0] > 50
    assert hits[1] < 5


def test_without_a_cache_nothing_is_known() -> None:
    mutation = {"prob": 0, "max_attempts": 100}
    for cache_size, rejected_drafts in ((0, 0), (1000, 100)):
        island = new_island(7, [LINEAR], mutation=mutation, evaluation={"cache_size": cache_size})
        island.run(1)
        assert island.counters["rejected_drafts"] == rejected_drafts


def test_a_child_that_cannot_learn_is_rejected_and_made_again() -> None:
    """Without a cache, and by mutations of code alone, so that nothing else is asked."""
    found = []
    for attempts in (1, 100):
        mutation = {"prob": 1, "max_attempts": attempts}
        island = new_island(7, [LINEAR], mutation=mutation, evaluation={"cache_size": 0, "reject_unlearnable": True})
        island.run(300)
        found.append(island.counters["cannot_learn"])
    assert found[0] > 20
    assert found[1] == 0


@pytest.mark.parametrize("neutral_share", [0.0, 0.5, 1.0])
def test_a_share_of_the_children_is_taken_as_it_is(neutral_share: float) -> None:
    """A share of 1 rejects no draft."""
    island = new_island(8, [LINEAR], mutation={"prob": 0, "max_attempts": 4, "neutral_share": neutral_share})
    island.run(1000)
    exempt = 1000 - island.counters["rejected_drafts"] / 4
    assert abs(exempt - neutral_share * 1000) <= 5 * np.sqrt(1000 * neutral_share * (1 - neutral_share))


@pytest.mark.parametrize("max_attempts", [1, 5])
def test_a_child_that_cannot_be_made_is_its_parent(max_attempts: int) -> None:
    """This program has no graph, as its prediction outlasts an example."""
    stubborn = Program(LINEAR.setup, (Instruction(1, in1=1, in2=2, out=1),), (Instruction(2, in1=0, in2=1, out=2),))
    mutation = {"graph_share": 1, "max_attempts": max_attempts, "prob": 1}
    island = new_island(9, [stubborn], mutation=mutation)
    for _ in range(50):
        island.run(1)
        assert member(island, newest(island)) == stubborn
    assert island.counters["rejected_drafts"] == (50 * max_attempts if max_attempts > 1 else 0)


def test_a_child_that_is_not_worth_a_look_is_its_parent() -> None:
    """Random programs are legal, but hardly any of them can learn."""
    mutation = {"prob": 1, "weights": {"randomize_program": 1}, "max_attempts": 3}
    island = new_island(9, [LINEAR], mutation=mutation, evaluation={"reject_unlearnable": True})
    for _ in range(200):
        before = set(members(island))
        refused = island.counters["rejected_drafts"]
        island.run(1)
        if island.counters["rejected_drafts"] == refused + 3:
            assert member(island, newest(island)) in before
    assert island.counters["rejected_drafts"] > 300
    assert island.counters["cannot_learn"] == 0


@pytest.mark.parametrize("max_attempts", [1, 3])
def test_a_child_of_a_valid_program_is_valid_however_few_the_attempts(max_attempts: int) -> None:
    island = new_island(9, [LINEAR], mutation={"graph_share": 1, "max_attempts": max_attempts, "prob": 1})
    found = set()
    for _ in range(400):
        island.run(1)
        child = member(island, newest(island))
        assert looks_valid(child)
        found.add(child)
    assert len(found) > 5


# Random programs --------------------------------------------------------------------------------------------------


def test_where_no_program_is_valid_a_search_is_refused() -> None:
    program = {"setup_ops": ["scalar_const_set"], "predict_ops": ["scalar_diff"], "learn_ops": ["scalar_diff"]}
    with pytest.raises(ConfigError, match=r"of 1000000 random programs, none is valid, .*mutation.graph_share = 0"):
        new_island(1, program=program, **GRAPHS)


@pytest.mark.parametrize("initial", [None, [Program()]], ids=["random", "empty"])
def test_a_search_over_graphs_begins_with_valid_programs(initial: list[Program] | None) -> None:
    island = new_island(3, initial, **GRAPHS)
    assert all(looks_valid(program) for program in members(island))
    assert len(set(members(island))) == island.counters["programs"] == SIZE


def test_random_search_over_graphs_makes_one_valid_program_after_the_other() -> None:
    island = new_island(1, search={"method": "random-search"}, mutation={"graph_share": 1})
    before = island.counters
    found = set()
    for _ in range(100):
        island.run(1)
        found.add(member(island, newest(island)))
    assert all(looks_valid(program) for program in found)
    assert len(found) == 100
    assert increase(island, before)["cache_hits"] == 0


# Repeatability ----------------------------------------------------------------------------------------------------


@every_method
def test_the_seed_decides_everything(method: str) -> None:
    once, twice, other = (new_island(seed, **METHODS[method]) for seed in (1, 1, 2))
    once.run(300)
    for count in (100, 0, 200):
        twice.run(count)
    other.run(300)
    assert contents(once.state) == contents(twice.state) != contents(other.state)


@every_method
def test_the_state_is_arrays_alone_and_all_that_matters(method: str) -> None:
    """What is in the work space, behind the members or in a graph makes no difference to the last bit."""
    one, other = new_island(1, **METHODS[method]), new_island(2, **METHODS[method])
    one.run(100)
    other.run(250)
    for each in (one, other):
        each.epoch_stats(0)
    for target, source in zip(arrays(other.state), arrays(one.state), strict=True):
        target[...] = source
    one.run(200)
    other.run(200)
    assert contents(other.state) == contents(one.state)


def arrays(value: object) -> list[np.ndarray]:
    return [value] if isinstance(value, np.ndarray) else [part for each in value for part in arrays(each)]  # type: ignore[attr-defined]


def test_families_in_threads_do_not_disturb_each_other() -> None:
    config = small_config(**FAMILIES)
    tasks = tasks_of(config)
    alone, together = ([Island(config, tasks, seed) for seed in range(2)] for _ in range(2))
    for island in alone:
        island.run(500)
    threads = [Thread(target=island.run, args=(500,)) for island in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [contents(island.state) for island in alone] == [contents(island.state) for island in together]
