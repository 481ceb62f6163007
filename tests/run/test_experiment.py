from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from support.runs.small_config import MIXED, STAGE, mixed_config, small_config
from support.runs.small_worker_pool import SmallEngine, SmallWorkerPool

from automl_zero.config import Config, ConfigError
from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.run.experiment import CANDIDATES, Experiment, check_losses, search_tasks
from automl_zero.run.islands.engine import Engine, ExperimentSpec
from automl_zero.run.islands.thread_engine import ThreadEngine, ThreadIslands
from automl_zero.run.scoring.task_score import score_program
from automl_zero.search.island import Island
from automl_zero.tasks.task import TaskError
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.lower import Code
from automl_zero.vm.stop_flag import StopFlag

LINEAR = library_program("linear_regression")


def islands_of(experiment: Experiment) -> list[Island]:
    assert isinstance(experiment.archipelago.islands, ThreadIslands)
    return experiment.archipelago.islands.all


def test_every_experiment_has_tasks_of_its_own() -> None:
    one, same, other = (search_tasks(small_config(), number)[0] for number in (0, 0, 1))
    assert np.array_equal(one.train_x, same.train_x)
    assert not np.isin(one.train_x, other.train_x).any()


def test_every_experiment_has_random_programs_of_its_own() -> None:
    one, same, other = (Experiment(small_config(), number, None) for number in (0, 0, 1))
    codes = [islands_of(each)[0].state.population.code for each in (one, same, other)]
    assert np.array_equal(codes[0], codes[1])
    assert not np.array_equal(codes[0], codes[2])


def test_an_improvement_is_reported_once() -> None:
    experiment = Experiment(small_config(), 0, None)
    assert experiment.improves()
    assert not experiment.improves()
    islands_of(experiment)[1].state.best_fitness[0] = 0.999
    assert experiment.improves()
    assert experiment.fitness == 0.999


def test_idle_programs_count_from_the_last_improvement() -> None:
    experiment = Experiment(small_config(), 0, None)
    experiment.improves()
    assert experiment.spent.idle_programs == 0
    experiment.archipelago.run_epoch()
    assert experiment.spent.idle_programs == 150
    islands_of(experiment)[0].state.best_fitness[0] = 0.999
    experiment.improves()
    assert experiment.spent.idle_programs == 0


def test_the_select_tasks_choose_among_the_best_programs_of_the_islands() -> None:
    config = small_config(islands={"migrants": 0})
    experiment, tasks = Experiment(config, 0, None), build_tasks(config.tasks, Stage.SELECT, 0)
    fittest = [island.fittest(CANDIDATES) for island in islands_of(experiment)]
    assert [found[0][0] for found in fittest] == [island.best for island in islands_of(experiment)]
    best = [member.program for found in fittest for member in found]
    assert len(best) == CANDIDATES * len(fittest)
    candidate = experiment.select(tasks)
    assert candidate.program in best
    assert candidate.select_fitness == max(score_program(each, tasks, config).fitness for each in best)
    assert candidate.search_fitness == score_program(candidate.program, search_tasks(config, 0)[0], config).fitness


def test_of_programs_equal_on_select_the_one_better_on_search_is_chosen() -> None:
    experiment = Experiment(small_config(), 0, [Program()])
    islands_of(experiment)[2].state.best_fitness[0] = 0.999
    tasks = build_tasks(small_config().tasks, Stage.SELECT, 0)
    assert experiment.select(tasks).search_fitness == 0.999


@pytest.mark.parametrize("percent", [0, 30])
@pytest.mark.parametrize("config", [small_config(), mixed_config("linear")], ids=["alike", "groups"])
def test_threads_and_workers_select_the_same_program(config: Config, percent: int) -> None:
    tasks, worker_pool = build_tasks(config.tasks, Stage.SELECT, 0), SmallWorkerPool(3, percent)
    engines = (ThreadEngine(1), ThreadEngine(2), SmallEngine(worker_pool))
    one, *others = [after_epochs(config, engine).select(tasks) for engine in engines]
    assert others == [one, one]
    assert (worker_pool.losses > 0) == (percent > 0)


def after_epochs(config: Config, engine: Engine) -> Experiment:
    experiment = Experiment(config, 0, None, engine)
    for _ in range(3):
        experiment.archipelago.run_epoch()
    return experiment


def test_a_program_that_several_islands_hold_is_scored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scored: list[Program] = []
    score = ThreadEngine.score

    def noting(
        engine: ThreadEngine, programs: Sequence[Program], beginning: ExperimentSpec, stop: StopFlag
    ) -> list[float]:
        scored.extend(programs)
        return score(engine, programs, beginning, stop)

    monkeypatch.setattr(ThreadEngine, "score", noting)
    experiment = Experiment(small_config(), 0, [LINEAR])
    assert experiment.select(build_tasks(small_config().tasks, Stage.SELECT, 0)).program == LINEAR
    assert scored == [LINEAR]


# Islands in groups ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MIXED)
def test_islands_of_equal_settings_share_one_task_set(kind: str) -> None:
    tasks = search_tasks(mixed_config(kind, islands={"count": 5}), 0)
    assert len(tasks) == 5
    assert [tasks.index(each) for each in tasks] == [0, 1, 0, 1, 0]


def test_groups_that_differ_in_other_things_share_one_task_set() -> None:
    groups = [{}, {"mutation": {"prob": 0.5}}, {"tasks": {"num_features": 4}}]
    assert len(set(search_tasks(small_config(islands={"groups": groups}), 0))) == 1


def test_tasks_of_a_group_are_those_of_a_run_with_its_settings() -> None:
    config = mixed_config("linear")
    grouped, alone = search_tasks(config, 3)[1], search_tasks(config.of_island(1), 3)[0]
    assert np.array_equal(grouped.train_x, alone.train_x)
    assert np.array_equal(grouped.train_order, alone.train_order)


def test_groups_must_agree_in_their_loss() -> None:
    config = small_config(islands={"groups": [{}, {"tasks": {"kind": "image-groups", "num_features": 8}}]})
    with pytest.raises(ConfigError, match=r"'image-groups F=8 search' has accuracy, 'linear F=4 search' has rmse: use"):
        search_tasks(config, 0)


def test_task_sets_of_one_loss_are_accepted() -> None:
    config = mixed_config("linear")
    check_losses([*search_tasks(config, 0), build_tasks(config.tasks, Stage.SELECT, 0)])


def test_a_group_without_enough_data_is_named() -> None:
    group = {"tasks": {"kind": "image-pairs", "search": STAGE | {"num_train": 10_000}}}
    config = small_config(tasks={"kind": "image-groups"}, islands={"groups": [{}, group]})
    with pytest.raises(TaskError, match=r"^islands\.groups\.1: "):
        search_tasks(config, 0)
    config = small_config(tasks={**group["tasks"]})
    with pytest.raises(TaskError, match=r"^(?!islands)"):
        search_tasks(config, 0)


def test_only_islands_of_the_first_tasks_make_improvements() -> None:
    experiment = Experiment(mixed_config("linear"), 0, None)
    experiment.improves()
    islands_of(experiment)[1].state.best_fitness[0] = 0.999
    assert not experiment.improves()
    islands_of(experiment)[2].state.best_fitness[0] = 0.998
    assert experiment.improves()
    assert experiment.fitness == 0.998


def test_the_select_tasks_choose_among_the_islands_of_all_groups() -> None:
    """And the winner's search fitness is that on the first group's tasks, whichever group it comes from."""
    config = mixed_config("linear")
    experiment, tasks = Experiment(config, 0, [Program()]), build_tasks(config.tasks, Stage.SELECT, 0)
    for target, source in zip(second_best(experiment), second_best(Experiment(config, 0, [LINEAR])), strict=True):
        target[...] = source
    candidate = experiment.select(tasks)
    assert (candidate.program, candidate.select_fitness) == (LINEAR, score_program(LINEAR, tasks, config).fitness)
    assert candidate.search_fitness == score_program(LINEAR, search_tasks(config, 0)[0], config).fitness
    assert candidate.search_fitness != score_program(LINEAR, search_tasks(config, 0)[1], config).fitness


def second_best(experiment: Experiment) -> Code:
    """The best program of the second island, as its arrays."""
    return islands_of(experiment)[1].state.best
