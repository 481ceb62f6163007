from __future__ import annotations

import numpy as np
import pytest
from support.runs.small_config import small_config

from automl_zero.analysis.studies.head_to_head import TuningBudget, compare_programs, tune_and_score
from automl_zero.program.library import library_program, linear
from automl_zero.program.program import Program
from automl_zero.run.scoring.task_score import fitnesses
from automl_zero.run.scoring.tune import tune
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.fitness import combine

ENTRANTS = {"linear": library_program("linear_regression"), "nothing": Program()}
CONFIG = small_config(seed=4)


def test_every_entrant_is_tuned_on_the_select_tasks_and_judged_on_the_final_tasks_of_each_seed() -> None:
    found = tune_and_score(ENTRANTS, CONFIG, TuningBudget(6, seeds=2))["linear"]
    for number, seed in enumerate((4, 5)):
        config = small_config(seed=seed)
        select, final = (build_tasks(config.tasks, stage, seed) for stage in (Stage.SELECT, Stage.FINAL))
        tuning = tune(ENTRANTS["linear"], select, config, 6)
        assert found.programs[number] == tuning.program
        assert found.select[number] == tuning.best.fitness
        assert found.final[number].tolist() == fitnesses(tuning.program, final, config)


def test_with_groups_one_choice_of_constants_serves_the_tasks_of_all() -> None:
    groups = [{}, {"tasks": {"num_features": 8}}]
    config = small_config(seed=4, islands={"groups": groups})
    budget, given = TuningBudget(12), {"linear": library_program("linear_regression")}
    found = tune_and_score(given, config, budget, with_groups=True)["linear"]
    parts = [config.of_island(number) for number in range(2)]
    final = [build_tasks(each.tasks, Stage.FINAL, 4) for each in parts]
    assert [tasks.num_features for tasks in final] == [4, 8]
    assert found.final.tolist() == [[x for tasks in final for x in fitnesses(found.programs[0], tasks, config)]]
    select = [build_tasks(each.tasks, Stage.SELECT, 4) for each in parts]
    kind = config.evaluation.combination
    assert found.select == pytest.approx(
        np.mean([combine(fitnesses(found.programs[0], each, config), kind) for each in select])
    )
    assert tune_and_score(given, config, budget)["linear"].final.shape == (1, 10)


def test_entrants_do_not_matter_to_each_other() -> None:
    together, alone = (tune_and_score(each, CONFIG, TuningBudget(5)) for each in (ENTRANTS, {"nothing": Program()}))
    np.testing.assert_array_equal(together["nothing"].final, alone["nothing"].final)


def test_progress_counts_the_trials_of_all() -> None:
    progress: list[int] = []
    tune_and_score({"one": linear(0.1), "other": linear(0.2)}, CONFIG, TuningBudget(7, seeds=2), progress.append)
    assert sum(progress) == 2 * 2 * 7


def test_two_programs_are_compared_on_the_final_tasks() -> None:
    found = compare_programs(linear(0.001), linear(0.1), CONFIG)
    final = build_tasks(CONFIG.tasks, Stage.FINAL, CONFIG.seed)
    assert found.before == pytest.approx(np.mean(fitnesses(linear(0.001), final, CONFIG)))
    assert found.after == pytest.approx(found.before + found.difference.value)
    assert 0 < found.difference.low < found.difference.high
