from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from small_config import small_config

from automl_zero.program.program import Program
from automl_zero.run.experiment import Experiment, search_tasks
from automl_zero.run.scoring import score_program
from automl_zero.tasks.suites import Stage, build_tasks


def test_every_experiment_has_tasks_of_its_own() -> None:
    one, same, other = (search_tasks(small_config(), number)[0] for number in (0, 0, 1))
    assert np.array_equal(one.train_x, same.train_x)
    assert not np.isin(one.train_x, other.train_x).any()


def test_every_experiment_has_random_programs_of_its_own() -> None:
    one, same, other = (Experiment(small_config(), number, None) for number in (0, 0, 1))
    codes = [each.archipelago.islands[0].state.population.code for each in (one, same, other)]
    assert np.array_equal(codes[0], codes[1])
    assert not np.array_equal(codes[0], codes[2])


def test_an_improvement_is_told_once() -> None:
    experiment = Experiment(small_config(), 0, None)
    assert experiment.improves()
    assert not experiment.improves()
    experiment.archipelago.islands[1].state.best_fitness[0] = 0.999
    assert experiment.improves()
    assert experiment.fitness == 0.999


def test_idle_programs_count_from_the_last_improvement() -> None:
    experiment = Experiment(small_config(), 0, None)
    experiment.improves()
    assert experiment.spent.idle_programs == 0
    with ThreadPoolExecutor(1) as pool:
        experiment.archipelago.run_epoch(pool)
    assert experiment.spent.idle_programs == 150
    experiment.archipelago.islands[0].state.best_fitness[0] = 0.999
    experiment.improves()
    assert experiment.spent.idle_programs == 0


def test_the_select_tasks_choose_among_the_best_programs_of_the_islands() -> None:
    config = small_config(islands={"migrants": 0})
    experiment, tasks = Experiment(config, 0, None), build_tasks(config.tasks, Stage.SELECT, 0)
    best = [island.best for island in experiment.archipelago.islands]
    candidate = experiment.select(tasks)
    assert candidate.program in best
    assert candidate.select_fitness == max(score_program(each, tasks, config).fitness for each in best)
    assert candidate.search_fitness == score_program(candidate.program, search_tasks(config, 0)[0], config).fitness


def test_of_programs_equal_on_select_the_one_better_on_search_is_chosen() -> None:
    experiment = Experiment(small_config(), 0, [Program()])
    experiment.archipelago.islands[2].state.best_fitness[0] = 0.999
    tasks = build_tasks(small_config().tasks, Stage.SELECT, 0)
    assert experiment.select(tasks).search_fitness == 0.999
