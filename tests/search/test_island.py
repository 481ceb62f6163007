"""An island begins as asked, refuses what it cannot hold, and reports what it has found."""

from __future__ import annotations

from threading import Thread

import numpy as np
import pytest
from support.runs.islands import OFF, contents, fitness, members, new_island, tasks_of, true_fitness
from support.runs.small_config import small_config

from automl_zero.config import ConfigError
from automl_zero.program.library import library_program
from automl_zero.program.program import Instruction, Program, ProgramError
from automl_zero.search.cache import WAYS
from automl_zero.search.island import Island
from automl_zero.search.state import COUNTERS

LINEAR = library_program("linear_regression")


def test_initial_programs_are_repeated_until_the_population_is_full() -> None:
    initial = [LINEAR, Program(), Program(predict=LINEAR.predict)]
    island = new_island(0, initial)
    assert members(island) == [initial[slot % 3] for slot in range(20)]
    assert fitness(island) == [pytest.approx(true_fitness(program, small_config())) for program in members(island)]
    assert island.counters["programs"] == 20


def test_without_initial_programs_they_are_random() -> None:
    island = new_island(0)
    assert len(set(members(island))) > 15
    assert {len(program.setup) for program in members(island)} <= set(range(5))


def test_a_new_island_knows_its_best() -> None:
    island = new_island(0, [Program(), LINEAR], evaluation=OFF)
    assert island.best == LINEAR
    assert island.best_fitness == true_fitness(LINEAR, small_config())
    assert island.counters["best_at"] == 2


def test_counters_have_names() -> None:
    assert list(new_island(0).counters) == list(COUNTERS)
    assert {type(value) for value in new_island(0).counters.values()} == {int}


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (Program(setup=(Instruction(1, 4, 0, 1),)), "setup instruction 1 uses s4, but the memory has 4"),
        (Program(predict=(Instruction(27, 0, 3, 1),)), "predict instruction 1 uses v3, but the memory has 3"),
        (Program(learn=(Instruction(1, out=1),) * 7), "learn has 7 instructions, but its limit is 6"),
    ],
)
def test_an_initial_program_must_fit(program: Program, message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        new_island(0, [LINEAR, program])


def test_a_space_must_be_possible() -> None:
    with pytest.raises(ConfigError, match="unknown op 'nonsense'"):
        new_island(0, program={"learn_ops": ["nonsense"]})


def test_fingerprints_need_no_more_examples_than_there_are() -> None:
    island = new_island(0, evaluation={"fingerprint_train": 1000, "fingerprint_valid": 1000})
    island.run(50)
    assert island.settings.fingerprint[:3] == (20, 10, 1)


def test_caches_have_the_asked_size() -> None:
    state = new_island(0, evaluation={"cache_size": 10}).state
    assert (state.programs.keys.size, state.fingerprints.keys.size) == (12, 12)
    state = new_island(0, evaluation=OFF).state
    assert (state.programs.keys.size, state.fingerprints.keys.size) == (0, 0)


def test_uses_of_scores_are_counted_only_where_scores_are_forgotten() -> None:
    for forget_after, columns in ((0, WAYS), (3, 3 * WAYS)):
        state = new_island(0, evaluation={"forget_after": forget_after}).state
        assert {state.programs.values.shape[1], state.fingerprints.values.shape[1]} == {columns}


def test_the_state_is_arrays_alone_and_all_that_matters() -> None:
    """An island whose arrays are overwritten with another's goes on as that one does."""
    one, other = new_island(1), new_island(2)
    one.run(150)
    for each in (one, other):
        each.epoch_stats(0)
    for target, source in zip(arrays(other.state), arrays(one.state), strict=True):
        target[...] = source
    one.run(150)
    other.run(150)
    assert contents(other.state) == contents(one.state)


def arrays(value: object) -> list[np.ndarray]:
    return [value] if isinstance(value, np.ndarray) else [part for each in value for part in arrays(each)]  # type: ignore[attr-defined]


def test_islands_in_threads_do_not_disturb_each_other() -> None:
    config = small_config()
    tasks = tasks_of(config)
    alone, together = ([Island(config, tasks, seed) for seed in range(4)] for _ in range(2))
    for island in alone:
        island.run(2000)
    threads = [Thread(target=island.run, args=(2000,)) for island in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [contents(island.state) for island in alone] == [contents(island.state) for island in together]


# Scoring again ----------------------------------------------------------------------------------------------------


def test_members_that_are_scored_again_have_their_true_fitness_and_no_others_change() -> None:
    island = new_island(4)
    island.run(33)
    before, random = fitness(island), island.state.random.copy()
    programs, oldest = members(island), island.state.population.oldest.copy()
    island.state.population.fitness[:] = -0.5
    island.rescore([7, 2, 19])
    assert fitness(island) == [before[slot] if slot in (2, 7, 19) else -0.5 for slot in range(20)]
    assert before[7] == true_fitness(programs[7], small_config())
    assert members(island) == programs
    assert island.state.population.oldest == oldest == 13
    assert (island.state.random == random).all()


def test_scoring_again_counts_like_any_other_scoring_and_knows_what_is_known() -> None:
    island = new_island(4, [LINEAR, Program()])
    before = island.counters
    island.rescore([0, 1, 2])
    after = island.counters
    changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    lengths = 2 * len(LINEAR)
    assert changed == {"programs": 3, "cache_hits": 3, "instructions": lengths, "live_instructions": lengths}


def test_a_member_that_is_scored_again_may_become_the_best() -> None:
    island, other = new_island(4, [Program()], evaluation=OFF), new_island(5, [LINEAR])
    for name in ("code", "data", "size"):
        getattr(island.state.population, name)[6] = getattr(other.state.population, name)[0]
    island.rescore([6])
    assert (island.best, island.best_fitness) == (LINEAR, true_fitness(LINEAR, small_config()))
    assert island.counters["best_at"] == island.counters["programs"] == 21


def test_nothing_to_score_again_changes_nothing() -> None:
    island = new_island(4)
    before = contents(island.state)
    island.rescore([])
    assert contents(island.state) == before
