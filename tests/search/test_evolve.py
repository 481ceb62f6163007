"""The search loop: who is selected, who is replaced, what is counted, and that a seed decides everything."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from support.programs.xoshiro import Xoshiro
from support.runs.islands import (
    CLONES,
    LINEAR,
    OFF,
    SIZE,
    SPACES,
    constant,
    contents,
    fitness,
    member,
    members,
    new_island,
    newest,
    tasks_of,
    true_fitness,
)
from support.runs.small_config import small_config

from automl_zero.config import SearchMethod
from automl_zero.program.program import Instruction, Program
from automl_zero.program.prune import prune
from automl_zero.search import evolve
from automl_zero.search.island import Island
from automl_zero.vm.execute import evaluate

CONSTANTS = [constant(k / 10) for k in range(SIZE)]
TWINS = [Program(program.setup, learn=(Instruction(0),) * k) for program in CONSTANTS[: SIZE // 2] for k in (0, 1)]


def put_back(island: Island, population: list[Any]) -> None:
    """Undo a child, but for the random numbers."""
    for array, before in zip(island.state.population, population, strict=True):
        array[:] = before


# Choice and replacement -------------------------------------------------------------------------------------------


def test_a_parent_is_the_first_best_of_a_tournament_and_its_child_replaces_the_oldest() -> None:
    """Clones show whose children they are; the same random numbers say whose they must be.

    Every score is that of two programs, so that it shows which of equals is chosen.
    """
    island = new_island(3, TWINS, search={"population_size": SIZE, "tournament_size": 3}, **CLONES)
    random, programs, scores = Xoshiro(island.state.random), members(island), fitness(island)
    for step in range(300):
        island.run(1)
        winner = max([random.below(SIZE) for _ in range(3)], key=scores.__getitem__)
        random.uniform()  # decides on a mutation
        programs[step % SIZE], scores[step % SIZE] = programs[winner], scores[winner]
        assert members(island) == programs
        assert fitness(island) == scores


@pytest.mark.parametrize("parsimony", [False, True])
@pytest.mark.parametrize("resolution", [0.0, 0.05])
def test_programs_of_equal_fitness_are_told_apart_by_their_length_if_asked(parsimony: bool, resolution: float) -> None:
    """Constants from the same to longer code: fitness differs little where values do, and not at all elsewhere."""
    sums = (Instruction(1, in1=0, in2=1, out=1),)  # s1 + 0, which pruning keeps
    programs = [Program(constant(k / 100).setup, sums * (k % 3)) for k in (0, 1, 2, 0, 40, 80)]
    changes = {"search": {"fitness_resolution": resolution, "parsimony": parsimony, "tournament_size": 6}, **CLONES}
    island = new_island(2, programs, **{**changes, "search": {"population_size": 6, **changes["search"]}})
    scores, random = fitness(island), Xoshiro(island.state.random)
    lengths = [len(prune(program)) for program in programs]
    before = [array.copy() for array in island.state.population]

    def rank(slot: int) -> tuple[float, int]:
        level = np.floor(scores[slot] / resolution) if resolution else scores[slot]
        return level, -lengths[slot] if parsimony else 0

    for _ in range(300):
        slot = int(island.state.population.oldest[0])
        island.run(1)
        assert member(island, slot) == programs[max([random.below(6) for _ in range(6)], key=rank)]
        random.uniform()  # decides on a mutation
        put_back(island, before)


def test_better_programs_have_more_children() -> None:
    """Of T draws with replacement from N, the best is among the k worst with probability (k / N) ** T."""
    island = new_island(1, CONSTANTS, search={"population_size": SIZE, "tournament_size": 4}, **CLONES)
    order = np.argsort(island.state.population.fitness).tolist()
    ranks = {CONSTANTS[slot]: rank for rank, slot in enumerate(order)}
    before, counts, trials = [array.copy() for array in island.state.population], np.zeros(SIZE), 4000
    for _ in range(trials):
        island.run(1)
        counts[ranks[member(island, newest(island))]] += 1
        put_back(island, before)
    expected = np.diff((np.arange(SIZE + 1) / SIZE) ** 4) * trials
    assert (abs(counts - expected) < 5 * np.sqrt(expected + 1)).all()


@pytest.mark.parametrize("prob", [0.0, 0.3, 1.0])
def test_a_child_is_mutated_with_the_asked_probability(prob: float) -> None:
    """One program fills the population, and is put back after every child."""
    mutation = {"prob": prob, "weights": {"randomize_instruction": 1}}
    island = new_island(2, [constant(0.3)], mutation=mutation, program={"predict_ops": [], "learn_ops": []})
    before, mutated, trials = [array.copy() for array in island.state.population], 0, 2000
    for _ in range(trials):
        island.run(1)
        mutated += member(island, newest(island)) != constant(0.3)
        put_back(island, before)
    assert abs(mutated - prob * trials) <= 5 * np.sqrt(trials * prob * (1 - prob))


def test_one_child_at_a_time_is_one_slot_at_a_time() -> None:
    island = new_island(5)
    for step in range(3 * SIZE):
        before = members(island)
        island.run(1)
        changed = [slot for slot, program in enumerate(members(island)) if program != before[slot]]
        assert set(changed) <= {step % SIZE}
        assert island.state.population.oldest[0] == (step + 1) % SIZE


def test_the_best_program_so_far_is_kept_for_good() -> None:
    island = new_island(7)
    best_fitness, best, best_at = island.best_fitness, island.best, island.counters["best_at"]
    assert best_fitness == max(fitness(island))
    for _ in range(600):
        island.run(1)
        found = fitness(island)[newest(island)]
        if found > best_fitness:
            best_fitness, best, best_at = found, member(island, newest(island)), island.counters["programs"]
        assert (island.best_fitness, island.best, island.counters["best_at"]) == (best_fitness, best, best_at)
    assert best_at > SIZE
    assert true_fitness(best, small_config()) == pytest.approx(best_fitness, rel=1e-6)


# Counters ---------------------------------------------------------------------------------------------------------

SPARED: dict[str, dict[str, Any]] = {
    "all knowledge": {},
    "nothing": OFF,
    "no cache": {"cache_size": 0},
    "cost limit": {"cost_limit": 0.3},
    "unable to learn": {"reject_unlearnable": True},
    "hurdle": {"hurdle_train": 5, "hurdle_valid": 4},
    "forgetting": {"forget_after": 1},
}


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("spared", SPARED)
def test_every_candidate_is_counted_once(space: str, spared: str) -> None:
    changes = SPACES[space]
    island = new_island(4, **{**changes, "evaluation": {**changes.get("evaluation", {}), **SPARED[spared]}})
    island.run(500)
    counters = island.counters
    assert counters["programs"] == SIZE + 500
    assert counters["programs"] == sum(
        counters[name]
        for name in ("evaluated", "cache_hits", "fingerprint_hits", "over_cost", "cannot_learn", "below_hurdle")
    )
    assert counters["best_at"] <= counters["programs"]
    assert (counters["reevaluated"] > 0) == (space == "noisy" and spared == "forgetting")
    if spared == "nothing":
        assert counters["evaluated"] == counters["programs"]


@pytest.mark.parametrize("space", SPACES)
def test_of_every_member_the_live_instructions_are_known(space: str) -> None:
    island = new_island(5, **SPACES[space])
    island.run(300)
    assert island.state.population.live.tolist() == [len(prune(program)) for program in members(island)]


def test_instructions_are_counted_before_and_after_pruning() -> None:
    island = new_island(6)
    before = island.counters
    children = []
    for _ in range(200):
        island.run(1)
        children.append(member(island, newest(island)))
    after = island.counters
    assert after["instructions"] - before["instructions"] == sum(map(len, children))
    assert after["live_instructions"] - before["live_instructions"] == sum(len(prune(child)) for child in children)


def test_the_steps_of_all_tasks_are_counted() -> None:
    island, config = (
        new_island(6, evaluation={**OFF, "max_abs_error": 3.0}),
        small_config(evaluation={"max_abs_error": 3.0}),
    )
    before, expected = island.counters["train_steps"], 0
    for _ in range(100):
        island.run(1)
        child = member(island, newest(island))
        expected += sum(e.train_steps for e in evaluate(child, tasks_of(config), max_abs_error=3.0))
    assert island.counters["train_steps"] - before == expected
    assert expected < 100 * 10 * 20  # some stopped early


def test_a_known_program_costs_no_steps() -> None:
    island = new_island(1, [LINEAR], **CLONES)
    before = island.counters
    island.run(100)
    after = island.counters
    assert after["cache_hits"] - before["cache_hits"] == 100
    assert after["train_steps"] == before["train_steps"]


# Settings ---------------------------------------------------------------------------------------------------------


def test_random_search_draws_every_program_independently() -> None:
    """Neither the parents nor the mutations matter: only the random numbers do."""
    search = {"method": "random-search"}
    states = []
    for prob, tournament in ((0.0, 5), (1.0, 2)):
        changes = {"mutation": {"prob": prob}, "search": {**search, "tournament_size": tournament}}
        island = new_island(9, **changes)
        island.run(300)
        states.append(contents(island.state))
    assert states[0] == states[1]
    sizes = Counter(tuple(map(len, program)) for program in members(island))
    assert len(sizes) > 5
    assert len(set(members(island))) == SIZE


def test_random_search_fills_the_same_space() -> None:
    island = new_island(9, search={"method": "random-search", "population_size": 2000})
    found = [Counter(len(tuple(program)[c]) for program in members(island)) for c in range(3)]
    for counts, largest in zip(found, (4, 3, 6), strict=True):
        assert set(counts) == set(range(largest + 1))
        assert max(counts.values()) < 1.3 * min(counts.values())


# Repeatability ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", SPACES)
def test_two_short_runs_are_one_long_run(space: str) -> None:
    once, twice = new_island(1, **SPACES[space]), new_island(1, **SPACES[space])
    once.run(200)
    for count in (100, 0, 1, 99):
        twice.run(count)
    assert contents(once.state) == contents(twice.state)


@pytest.mark.parametrize("method", SearchMethod)
def test_the_seed_decides_everything(method: SearchMethod) -> None:
    states = []
    for seed in (1, 1, 2):
        island = new_island(seed, search={"method": str(method), "children": 10})
        island.run(300)
        states.append(contents(island.state))
    assert states[0] == states[1]
    assert all(one != other for one, other in zip(states[0][:3], states[2], strict=False))


def test_a_search_finds_better_programs() -> None:
    island = new_island(1)
    found = [island.best_fitness]
    for _ in range(10):
        island.run(2000)
        found.append(island.best_fitness)
    assert all(before <= after for before, after in pairwise(found))
    assert found[-1] > found[0]


def test_the_loop_is_compiled_once_for_each_width() -> None:
    """Whatever the settings, the tasks and the initial programs are."""
    tasks = {"kind": "image-groups", "num_classes": 3, "num_features": 4}
    changed: list[dict[str, Any]] = [
        {},
        {"evaluation": OFF},
        {"evaluation": {"combination": "mean", "max_abs_error": 1, "cost_limit": 1}},
        {"search": {"method": "random-search", "tournament_size": 1}},
        {"tasks": tasks, "memory": {"vectors": 5}},
        {"mutation": {"prob": 1, "table": "released"}},
        {"mutation": {"graph_share": 0.5, "max_attempts": 3}},
        {"search": {"method": "minimal-generation-gap", "children": 3}, "islands": {"epoch_programs": 60}},
    ]
    for changes in changed:
        for initial in (None, [constant(1)]):
            island = new_island(1, initial, **changes)
            island.run(np.int64(3))  # type: ignore[arg-type]
    widths = [signature[0] for signature in evolve.evolve.signatures]
    assert len(set(widths)) == len(widths)
