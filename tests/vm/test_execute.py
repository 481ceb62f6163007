"""Running programs fast: tasks are packed into lanes without loss, and what a caller asks for is what comes back."""

from __future__ import annotations

from dataclasses import replace
from gc import collect
from typing import Any
from weakref import ref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.programs.kernel_cases import every_width
from support.programs.reference_cases import TASK_SETS, program

from automl_zero.program.library import library_program
from automl_zero.program.program import AddressCounts, Program
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm import evaluation_arrays, execute, noise
from automl_zero.vm.lanes.lanes import WidthType

SMALL, LARGE = AddressCounts(4, 3, 1), AddressCounts(20, 20, 20)


def tasks_of(count: int, num_features: int = 3) -> TaskSet:
    rng = np.random.default_rng(count)
    x, y = rng.normal(size=(count, 9, num_features)), rng.normal(size=(count, 9))
    return TaskSet("some", x[:, :5], y[:, :5], x[:, 5:], y[:, 5:], Loss.RMSE, noise_seed=2**63 + 5)


def unpacked(flat: Any, lanes: int, values: Any) -> Any:
    """[tasks, ...] from [blocks, ..., lanes], the unused lanes included."""
    blocks = flat.reshape(-1, *values.shape[1:], lanes)
    return np.moveaxis(blocks, -1, 1).reshape(-1, *values.shape[1:])


@every_width
@pytest.mark.parametrize("count", [1, 7, 8, 9, 33])
def test_packed_tasks_are_the_tasks_and_then_zeros(count: int, dtype: str, lanes: int) -> None:
    tasks = tasks_of(count)
    packed = execute.pack(tasks, dtype, lanes)
    for name in ("train_x", "train_y", "valid_x", "valid_y"):
        values = getattr(tasks, name)
        back = unpacked(getattr(packed, name), lanes, values)
        assert len(back) == execute.padded(count, lanes)
        np.testing.assert_array_equal(back[:count], values.astype(dtype))
        assert not back[count:].any()


@every_width
@pytest.mark.parametrize("count", [1, 7, 8, 9, 33])
def test_the_active_lanes_are_those_with_a_task(count: int, dtype: str, lanes: int) -> None:
    active = execute.pack(tasks_of(count), dtype, lanes).active
    assert [bool(block >> lane & 1) for block in active for lane in range(lanes)] == [
        number < count for number in range(execute.padded(count, lanes))
    ]


def test_packed_tasks_know_their_noise_and_their_shape() -> None:
    packed = execute.pack(tasks_of(9), "float64", 8)
    assert packed.seed.tolist() == [2**63 + 5]
    assert packed.noise.tolist() == [number * noise.GOLDEN_32 % 2**32 for number in range(16)]
    assert packed.shape.tolist() == [3, 5, 4, 1, 0, 2]
    assert execute.pack(TASK_SETS["two classes"], "float64", 8).shape[evaluation_arrays.CLASSES] == 2
    assert execute.pack(TASK_SETS["three classes"], "float64", 8).shape[evaluation_arrays.CLASSES] == 3


@given(st.integers(0, 1000), st.sampled_from([4, 8, 16]))
def test_padding_fills_whole_blocks(count: int, lanes: int) -> None:
    room = execute.padded(count, lanes)
    assert room % lanes == 0
    assert count <= room < count + lanes


@given(st.integers(1, 500), st.sampled_from(["float32", "float64"]))
def test_memory_begins_on_a_cache_line(size: int, dtype: str) -> None:
    memory = execute.aligned(size, dtype)
    assert memory.ctypes.data % execute.LINE_BYTES == 0
    assert memory.shape == (size,)
    assert memory.dtype == dtype
    assert not memory.any()


@pytest.mark.parametrize(("dtype", "full"), [("float32", 16), ("float64", 8)])
def test_a_line_of_lanes_is_used_where_there_are_tasks_for_it_and_the_memory_is_small(dtype: str, full: int) -> None:
    assert execute.choose_lanes(SMALL, tasks_of(full), dtype) == full
    assert execute.choose_lanes(SMALL, tasks_of(full // 2 + 1), dtype) == full
    assert execute.choose_lanes(SMALL, tasks_of(full // 2), dtype) == full // 2
    assert execute.choose_lanes(LARGE, tasks_of(full, num_features=32), dtype) == full // 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("count", [2, 9])
def test_the_chosen_width_gives_what_a_given_one_gives(count: int, dtype: str) -> None:
    tasks, net = tasks_of(count), library_program("two_layer_net")
    chosen = execute.evaluate(net, tasks, dtype=dtype)
    assert repr(chosen) == repr(execute.evaluate(net, tasks, dtype=dtype, lanes=8))
    assert len(chosen) == count


@pytest.mark.parametrize(("asked", "given_back"), [(0, 0), (1, 1), (4, 4), (5, 4), (100, 4)])
def test_as_many_predictions_come_back_as_asked_for_and_possible(asked: int, given_back: int) -> None:
    (result,) = execute.evaluate(program(predict="s1 = norm(v0)"), tasks_of(1), dtype="float64", num_predictions=asked)
    expected = np.linalg.norm(tasks_of(1).valid_x[0], axis=1)[:given_back]
    assert result.first_predictions == pytest.approx(expected)


@pytest.mark.parametrize(("limit", "stops"), [(0.5, True), (0.75, False), (100.0, False)])
def test_the_largest_error_is_an_argument(limit: float, stops: bool) -> None:
    tasks = replace(tasks_of(1), train_y=np.full((1, 5), 0.75), valid_y=np.full((1, 4), 0.75))
    for dtype in ("float32", "float64"):
        (result,) = execute.evaluate(Program(), tasks, dtype=dtype, max_abs_error=limit)
        assert result.stopped_in_training == stops


def test_results_are_plain_python_numbers() -> None:
    (result,) = execute.evaluate(library_program("linear_regression"), tasks_of(1))
    numbers = result.fitness, result.error, *result.first_predictions
    assert {type(number) for number in numbers} == {float}
    assert {type(result.best_epoch), type(result.train_steps)} == {int}
    assert {type(result.stopped_in_training), type(result.stopped_in_validation)} == {bool}


def test_single_precision_is_the_default() -> None:
    tasks, net = tasks_of(3), library_program("two_layer_net")
    assert repr(execute.evaluate(net, tasks)) == repr(execute.evaluate(net, tasks, dtype="float32"))
    assert repr(execute.evaluate(net, tasks)) != repr(execute.evaluate(net, tasks, dtype="float64"))


def test_arrays_of_any_layout_give_the_same() -> None:
    tasks, net = tasks_of(3), library_program("two_layer_net")
    other = replace(
        tasks,
        train_x=np.asfortranarray(tasks.train_x),
        valid_x=tasks.valid_x[:, :, ::-1].copy()[:, :, ::-1],
        train_order=tasks.train_order.astype(np.int32),
    )
    other.train_x.flags.writeable = False
    assert repr(execute.evaluate(net, tasks)) == repr(execute.evaluate(net, other))


def read_only(tasks: TaskSet) -> TaskSet:
    for array in (tasks.train_x, tasks.train_y, tasks.valid_x, tasks.valid_y, tasks.train_order):
        array.flags.writeable = False
    return tasks


def test_a_width_is_compiled_once_whatever_runs_on_it() -> None:
    for tasks in (*TASK_SETS.values(), tasks_of(1), read_only(tasks_of(20))):
        for name in ("linear_regression", "two_layer_net", "multiclass_mean_learning_rate"):
            execute.evaluate(library_program(name), tasks, lanes=8, max_abs_error=1)
            execute.evaluate(Program(), tasks, lanes=8, num_predictions=0)
    widths = [signature[0] for signature in execute._evaluate.signatures]
    assert len(set(widths)) == len(widths)
    assert all(isinstance(width, WidthType) for width in widths)


def test_tasks_are_packed_once_and_forgotten_with_their_set() -> None:
    tasks = tasks_of(3)
    packed = execute.pack(tasks, "float32", 16)
    assert execute.pack(tasks, "float32", 16) is packed
    assert execute.pack(tasks, "float64", 8) is not packed
    forgotten = ref(packed.train_x)
    del tasks, packed
    collect()
    assert forgotten() is None
