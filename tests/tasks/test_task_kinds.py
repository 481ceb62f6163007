import subprocess
import sys
from dataclasses import fields
from itertools import combinations
from pkgutil import walk_packages
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.data.table_file import of_kind

from automl_zero import tasks
from automl_zero.config import TasksConfig
from automl_zero.config.task_kind_facts import KINDS
from automl_zero.program.program import AddressCounts
from automl_zero.tasks.task import TaskError, TaskSet
from automl_zero.tasks.task_kinds import BUILDERS, Stage, build_tasks, sample_tasks
from automl_zero.vm.execute import choose_lanes

SIZES = {"num_tasks": 3, "num_train": 40, "num_valid": 20}
EXAMPLES = ("train_x", "train_y", "valid_x", "valid_y")

every_kind = pytest.mark.parametrize("kind", KINDS)
every_stage = pytest.mark.parametrize("stage", Stage)


def config(kind: str, num_epochs: int = 2, **sizes: int) -> TasksConfig:
    stages = {stage.value: {**SIZES, **sizes} for stage in Stage}
    return TasksConfig.model_validate({**of_kind(kind), "num_features": 6, "num_epochs": num_epochs, **stages})


def same(one: TaskSet, other: TaskSet) -> bool:
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(TaskSet))


def test_every_kind_has_a_builder_and_can_be_chosen_in_a_config() -> None:
    assert list(KINDS) == list(BUILDERS) == list(get_args(TasksConfig.model_fields["kind"].annotation))


@every_kind
def test_every_kind_is_described_in_one_line(kind: str) -> None:
    assert 10 < len(KINDS[kind].description) < 100
    assert "\n" not in KINDS[kind].description


@every_kind
@every_stage
def test_a_task_set_has_the_sizes_of_its_stage(kind: str, stage: Stage) -> None:
    sizes = {"num_tasks": 2, "num_train": 30, "num_valid": 10}
    tasks = build_tasks(config(kind).model_copy(update={stage.value: stage.size(config(kind, **sizes))}), stage, 0)
    assert tasks.train_x.shape == (2, 30, 6)
    assert tasks.valid_x.shape == (2, 10, 6)


@every_kind
@every_stage
def test_a_task_set_is_named_after_kind_features_and_stage(kind: str, stage: Stage) -> None:
    assert build_tasks(config(kind), stage, 0).name == f"{kind} F=6 {stage.value}"


@every_kind
@every_stage
@settings(deadline=None, max_examples=5)
@given(seed=st.integers(0, 2**63 - 1))
def test_the_same_seed_gives_the_same_task_set(kind: str, stage: Stage, seed: int) -> None:
    assert same(build_tasks(config(kind), stage, seed), build_tasks(config(kind), stage, seed))


@every_kind
@every_stage
@settings(deadline=None, max_examples=5)
@given(seed=st.integers(0, 2**63 - 2))
def test_another_seed_gives_other_features_order_and_noise(kind: str, stage: Stage, seed: int) -> None:
    one, other = build_tasks(config(kind), stage, seed), build_tasks(config(kind), stage, seed + 1)
    assert not np.isin(one.train_x, other.train_x).any()
    assert not np.array_equal(one.train_order, other.train_order)
    assert one.noise_seed != other.noise_seed


@every_kind
@settings(deadline=None, max_examples=5)
@given(seed=st.integers(0, 2**63 - 1))
def test_stages_share_no_features_order_or_noise(kind: str, seed: int) -> None:
    for one, other in combinations([build_tasks(config(kind), stage, seed) for stage in Stage], 2):
        assert not np.isin(one.train_x, other.train_x).any()
        assert not np.array_equal(one.train_order, other.train_order)
        assert one.noise_seed != other.noise_seed


@every_kind
@every_stage
def test_a_task_is_the_same_however_many_there_are(kind: str, stage: Stage) -> None:
    few, many = (build_tasks(config(kind, num_tasks=count), stage, 0) for count in (2, 40))
    for name in EXAMPLES:
        np.testing.assert_array_equal(getattr(few, name), getattr(many, name)[:2])
    assert few.noise_seed == many.noise_seed


@every_kind
@every_stage
def test_every_task_is_another(kind: str, stage: Stage) -> None:
    x = build_tasks(config(kind, num_tasks=40), stage, 0).train_x
    assert len(np.unique(x[:, 0, 0])) == 40


@every_kind
@pytest.mark.parametrize("num_epochs", [1, 3])
def test_the_first_epoch_is_in_the_order_of_storage_and_later_ones_are_shuffled(kind: str, num_epochs: int) -> None:
    order = build_tasks(config(kind, num_epochs), Stage.SEARCH, 0).train_order
    assert order.shape == (num_epochs, 40)
    assert order[0].tolist() == list(range(40))
    assert len({tuple(row) for row in order.tolist()}) == num_epochs


def test_importing_tasks_loads_neither_scikit_learn_nor_numba() -> None:
    modules = [module.name for module in walk_packages(tasks.__path__, f"{tasks.__name__}.")]
    imports = "; ".join(f"import {module}" for module in modules)
    check = (
        "import sys; assert not {'sklearn', 'scipy', 'numba', 'pandas'} & {*sys.modules}, 'a heavy library was loaded'"
    )
    subprocess.run([sys.executable, "-c", f"{imports}; {check}"], check=True)


def test_tasks_that_would_not_fit_into_memory_are_refused() -> None:
    with pytest.raises(TaskError, match=r"tasks\.select: 1000 tasks of 8000 \+ 2000 .* 256 features take 20\.5 GB"):
        build_tasks(
            TasksConfig.model_validate(
                {
                    "kind": "linear",
                    "num_features": 256,
                    "select": {"num_tasks": 1000, "num_train": 8000, "num_valid": 2000},
                }
            ),
            Stage.SELECT,
            0,
        )


@every_kind
@every_stage
def test_a_sample_is_a_few_tasks_of_the_same_sizes(kind: str, stage: Stage) -> None:
    many = config(kind, num_tasks=20)
    sample, whole = sample_tasks(many, stage, 0), build_tasks(many, stage, 0)
    assert len(sample) == 9
    assert sample.valid_x.shape[1:] == whole.valid_x.shape[1:]
    assert (sample.loss, sample.name) == (whole.loss, whole.name)


@pytest.mark.parametrize("num_tasks", [9, 10, 16, 17])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_sample_runs_in_as_many_lanes_as_all_tasks(num_tasks: int, dtype: str) -> None:
    many = config("linear", num_tasks=num_tasks)
    sets = sample_tasks(many, Stage.SEARCH, 0), build_tasks(many, Stage.SEARCH, 0)
    one, other = (choose_lanes(AddressCounts(8, 8, 2), tasks, dtype) for tasks in sets)
    assert one == other


def test_a_sample_finds_that_not_all_tasks_fit_into_memory() -> None:
    with pytest.raises(TaskError, match="10000 tasks of 1000000 "):
        sample_tasks(config("linear", num_tasks=10_000, num_train=1_000_000), Stage.FINAL, 0)


def test_epochs_that_do_not_fit_into_memory_are_reported() -> None:
    with pytest.raises(TaskError, match=r"9223372036854775807 epochs \(tasks\.num_epochs\) .* use fewer of either"):
        build_tasks(config("linear", num_epochs=(1 << 63) - 1), Stage.SEARCH, 0)
