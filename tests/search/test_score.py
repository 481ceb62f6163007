"""The fitness of a candidate is that of the program run by itself, whatever spared the run, until noise expires."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.runs.islands import (
    CLONES,
    LINEAR,
    NOISY,
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

from automl_zero.config import Config, ConfigError
from automl_zero.program.library import library_program
from automl_zero.program.ops import BY_NAME
from automl_zero.program.program import Instruction, Program
from automl_zero.program.prune import prune
from automl_zero.search.cache import running_mean
from automl_zero.tasks.task import TaskSet
from automl_zero.vm import noise

SEEDS = [LINEAR, constant(0.5), Program(predict=LINEAR.predict)]

# Scores -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cache_size", [0, 1000], ids=["no cache", "cache"])
@pytest.mark.parametrize("space", SPACES)
def test_scores_are_those_of_the_programs_run_by_themselves(space: str, cache_size: int) -> None:
    """Equal code has equal scores, noise included, so even a score from the cache is exact."""
    changes = {**SPACES[space]}
    changes["evaluation"] = {**OFF, "cache_size": cache_size, **changes.get("evaluation", {})}
    island, config = new_island(1, SEEDS, **changes), small_config(**changes)
    for _ in range(5):
        island.run(2 * SIZE)
        assert fitness(island) == [true_fitness(program, config) for program in members(island)]
    assert (island.counters["cache_hits"] > 0) == (cache_size > 0)
    assert len(set(fitness(island))) > 1


def test_classes_are_scored_like_numbers() -> None:
    tasks = {"kind": "image-groups", "num_classes": 3, "num_features": 4}
    changes: dict[str, Any] = {"tasks": tasks, "memory": {"vectors": 5}, "evaluation": {**OFF, "cache_size": 100}}
    island, config = new_island(1, **changes), small_config(**changes)
    island.run(10 * SIZE)
    assert fitness(island) == [true_fitness(program, config) for program in members(island)]
    assert len(set(fitness(island))) > 1


def test_a_fingerprint_almost_never_stands_for_another_score() -> None:
    """Programs that predict alike on the first examples score alike, up to rounding, and to luck."""
    island, config = new_island(1, evaluation={"cache_size": 10_000}), small_config()
    off = []
    for _ in range(10):
        island.run(5 * SIZE)
        off += [abs(score - true_fitness(p, config)) for p, score in zip(members(island), fitness(island), strict=True)]
    assert island.counters["fingerprint_hits"] > 20
    assert np.mean(np.array(off) < 1e-3) > 0.97


def test_a_program_that_cannot_learn_is_not_run_and_scores_nothing_if_asked() -> None:
    forgetful = Program(LINEAR.setup, LINEAR.predict)
    for reject_unlearnable in (False, True):
        island = new_island(1, [LINEAR, forgetful], evaluation={**OFF, "reject_unlearnable": reject_unlearnable})
        config = small_config()
        scores = [true_fitness(LINEAR, config), 0.0 if reject_unlearnable else true_fitness(forgetful, config)]
        assert fitness(island) == pytest.approx(scores * (SIZE // 2))
        assert island.counters["cannot_learn"] == (SIZE // 2 if reject_unlearnable else 0)


@pytest.mark.parametrize("combination", ["mean", "median"])
def test_with_screening_tasks_the_score_on_the_others_counts_and_one_that_does_not_pass_is_halved(
    combination: str,
) -> None:
    evaluation = {**OFF, "screening_tasks": 16, "hurdle_quantile": 0.5, "combination": combination}
    changes: dict[str, Any] = {"tasks": {"search": {"num_tasks": 40}}, "evaluation": evaluation}
    island, config = new_island(3, **changes), small_config(**changes)
    tasks, passed = tasks_of(config), Counter[bool]()
    first, others = part(tasks, slice(0, 16)), part(tasks, slice(16, None))
    for _ in range(400):
        height, evaluated = island.state.hurdle.height[0], island.counters["evaluated"]
        island.run(1)
        child, score = member(island, newest(island)), fitness(island)[newest(island)]
        screened = true_fitness(child, config, first)
        is_passed = island.counters["evaluated"] > evaluated
        passed[is_passed] += 1
        assert is_passed == (screened >= height)
        assert score == (true_fitness(child, config, others) if is_passed else screened / 2)
    assert min(passed[False], passed[True]) > 5
    assert island.counters["below_hurdle"] >= passed[False]


def part(tasks: TaskSet, numbers: slice) -> TaskSet:
    """Some of the tasks; programs without noise have the same scores there."""
    arrays = {name: getattr(tasks, name)[numbers] for name in ("train_x", "train_y", "valid_x", "valid_y")}
    return replace(tasks, **arrays)


def test_more_screening_tasks_than_there_are_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"evaluation.screening_tasks = 16, but tasks.search.num_tasks = 10: .*fewer"):
        new_island(3, evaluation={"screening_tasks": 16})


def test_where_the_last_epoch_counts_candidates_are_scored_by_it() -> None:
    changes: dict[str, Any] = {"tasks": {"num_epochs": 3}, "evaluation": {**OFF, "epochs": "last"}}
    island, config = new_island(1, SEEDS, **changes), small_config(**changes)
    island.run(5 * SIZE)
    assert fitness(island) == [true_fitness(program, config) for program in members(island)]
    assert fitness(island) != [
        true_fitness(program, small_config(tasks={"num_epochs": 3})) for program in members(island)
    ]


@pytest.mark.parametrize("space", SPACES)
def test_a_program_below_the_hurdle_has_its_short_score_and_any_other_its_true_one(space: str) -> None:
    changes = SPACES[space]
    evaluation = {**changes.get("evaluation", {}), **OFF, "hurdle_train": 5, "hurdle_valid": 4, "hurdle_quantile": 0.5}
    island, config = new_island(3, **{**changes, "evaluation": evaluation}), small_config(**changes)
    tasks, below = tasks_of(config), island.counters["below_hurdle"]
    short = replace(
        tasks,
        train_x=tasks.train_x[:, :5],
        train_y=tasks.train_y[:, :5],
        train_order=tasks.train_order[:1, :5],
        valid_x=tasks.valid_x[:, :4],
        valid_y=tasks.valid_y[:, :4],
    )
    stopped = 0
    for _ in range(400):
        height = island.state.hurdle.height[0]
        island.run(1)
        child, score = member(island, newest(island)), fitness(island)[newest(island)]
        in_short = true_fitness(child, config, short)
        stopped += in_short < height
        assert score == (in_short if in_short < height else true_fitness(child, config))
    assert island.counters["below_hurdle"] - below == stopped
    assert 0 < stopped < 400


def test_a_program_over_the_cost_limit_is_not_run_and_scores_nothing() -> None:
    changes = {"evaluation": {**OFF, "cost_limit": 0.25}}
    island, config = new_island(8, [LINEAR], **changes), small_config(**changes)
    steps = tasks_of(config).num_train_examples
    limit = 0.25 * library_program("two_layer_net").cost(steps)
    over, before = 0, island.counters["over_cost"]
    for _ in range(400):
        island.run(1)
        child, score = member(island, newest(island)), fitness(island)[newest(island)]
        too_costly = prune(child).cost(steps) > limit
        over += too_costly
        assert score == (0.0 if too_costly else true_fitness(child, config))
    assert island.counters["over_cost"] - before == over
    assert 0 < over < 400


@pytest.mark.parametrize("how", ["mean", "median"])
def test_scores_are_combined_as_asked(how: str) -> None:
    changes = {"evaluation": {**OFF, "combination": how}}
    program = LINEAR
    island, config = new_island(1, [program], **changes), small_config(**changes)
    assert fitness(island)[0] == true_fitness(program, config)
    other = small_config(evaluation={"combination": "mean" if how == "median" else "median"})
    assert fitness(island)[0] != true_fitness(program, other)


# Scores that expire ------------------------------------------------------------------------------------------------

NOISE = Program(
    setup=(Instruction(BY_NAME["scalar_gaussian_set"].number, out=1, data=(0.3, 0.4)),)
)  # predicts one draw
ALIKE = Program(NOISE.setup, (Instruction(BY_NAME["scalar_diff"].number, in1=1, in2=2, out=1),))  # minus s2, which is 0
PAIR = {"search": {"population_size": 2, "tournament_size": 1}, "islands": {"migrants": 0}}


def score_with_noise(program: Program, number: int, config: Config) -> float:
    """What a program scores when it is evaluated for the first time (0) or again."""
    tasks = tasks_of(config)
    return true_fitness(program, config, replace(tasks, noise_seed=tasks.noise_seed ^ noise.mix64(number)))


@pytest.mark.parametrize("fingerprints", [0, 5])
@pytest.mark.parametrize("evaluations", [1, 3])
def test_a_score_owed_to_noise_is_forgotten_when_it_was_known_often_enough(evaluations: int, fingerprints: int) -> None:
    evaluation = {"forget_after": 7, "evaluations": evaluations, "fingerprint_train": fingerprints}
    changes: dict[str, Any] = {"evaluation": evaluation, **PAIR, **CLONES}
    island, config = new_island(1, [NOISE], **changes), small_config(**changes)
    known, seen = score_with_noise(NOISE, 0, config), []
    for lookup in range(2, 60):  # the second member was the first to be known
        number, hits = divmod(lookup, 8)
        if hits == 0:
            known = running_mean(known, score_with_noise(NOISE, number, config), number, evaluations)
        island.run(1)
        assert fitness(island)[newest(island)] == known
        assert island.counters["reevaluated"] == number
        seen.append(known)
    assert len(set(seen)) == 8
    assert island.counters["evaluated"] == 8


@pytest.mark.parametrize("program", [LINEAR, constant(0.3)], ids=["learns", "constant"])
def test_a_program_without_noise_is_never_run_again(program: Program) -> None:
    island = new_island(1, [program], evaluation={"forget_after": 1}, **CLONES)
    island.run(300)
    assert (island.counters["reevaluated"], island.counters["evaluated"]) == (0, 1)


def test_a_draw_in_dead_code_is_no_noise() -> None:
    dead = Program(
        LINEAR.setup,
        LINEAR.predict,
        (*LINEAR.learn, Instruction(BY_NAME["scalar_gaussian_set"].number, out=3, data=(0.0, 1.0))),
    )
    island = new_island(1, [dead], evaluation={"forget_after": 1}, **CLONES)
    island.run(300)
    assert island.counters["evaluated"] == 1


def test_programs_that_behave_alike_have_their_evaluations_in_common() -> None:
    """The scores of both codes count their own hits; what one evaluation gives is the behaviour's, with its number."""
    changes: dict[str, Any] = {"evaluation": {"forget_after": 5}, **PAIR, **CLONES}
    island, config = new_island(1, [NOISE, ALIKE], **changes), small_config(**changes)
    assert island.counters["fingerprint_hits"] == 1
    scores = [score_with_noise(NOISE, number, config) for number in range(50)]
    assert scores[:5] == [score_with_noise(ALIKE, number, config) for number in range(5)]
    newest_number = 0
    for _ in range(200):
        island.run(1)
        assert island.counters["evaluated"] - 1 in (newest_number, newest_number + 1)
        if island.counters["evaluated"] - 1 > newest_number:
            newest_number += 1
            assert fitness(island)[newest(island)] == scores[newest_number]
        assert fitness(island)[newest(island)] in scores[: newest_number + 1]
    assert newest_number == island.counters["reevaluated"] > 20


def test_a_behaviour_that_is_known_too_often_is_forgotten_by_all_codes() -> None:
    """Ever new code of one behaviour, so that no code is ever known."""
    codes = [Program(NOISE.setup, ALIKE.predict * k) for k in range(8)]
    changes: dict[str, Any] = {"evaluation": {"forget_after": 3}, "search": {"population_size": 8}}
    changes["program"] = {"max_sizes": [4, 8, 6]}
    island, config = new_island(1, codes, **changes), small_config(**changes)
    scores = [score_with_noise(NOISE, number, config) for number in (0, 1)]
    assert fitness(island) == [scores[0]] * 4 + [scores[1]] * 4
    assert (island.counters["cache_hits"], island.counters["reevaluated"]) == (0, 1)


def test_a_search_that_forgets_is_a_function_of_its_arrays() -> None:
    changes: dict[str, Any] = {"program": NOISY, "evaluation": {"forget_after": 2, "evaluations": 4}}
    once, twice, other = (new_island(seed, **changes) for seed in (1, 1, 2))
    once.run(400)
    twice.run(150)
    twice.run(250)
    assert contents(once.state) == contents(twice.state) != contents(other.state)
    assert once.counters["reevaluated"] > 10
