"""The reference: memory, single instructions, and what holds for every program on every task."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.programs.reference_cases import COUNTS, NOISY_PROGRAMS, NUM_FEATURES, SOME_PROGRAMS, TASK_SETS, program
from support.programs.strategies import instructions

from automl_zero.program.ops import OPS, Kind, Op
from automl_zero.program.program import Instruction, Program
from automl_zero.program.prune import prune
from automl_zero.tasks.task import TaskSet
from automl_zero.vm import noise
from automl_zero.vm.reference import Memory, evaluate, execute, noise_streams, run, shape_of
from automl_zero.vm.result import Evaluation

SOME_TASKS = st.sampled_from(list(TASK_SETS.values()))


def filled_memory() -> Memory:
    memory, rng = Memory(COUNTS, NUM_FEATURES), np.random.default_rng(1)
    for bank in memory.banks:
        bank[...] = rng.normal(size=bank.shape)
    return memory


def same(a: Evaluation, b: Evaluation) -> bool:
    """Equal in every number and every epoch; NaN equals NaN."""
    return repr((a, a.epochs)) == repr((b, b.epochs))


def test_memory_begins_with_zeros_of_the_asked_shapes() -> None:
    banks = Memory(COUNTS, NUM_FEATURES).banks
    assert [bank.shape for bank in banks] == [(4,), (4, 4), (3, 4, 4)]
    assert not any(bank.any() for bank in banks)


def test_memory_stores_what_is_broadcast_to_the_shape_of_an_address() -> None:
    memory = Memory(COUNTS, NUM_FEATURES)
    memory[Kind.SCALAR, 3] = 7.0
    memory[Kind.MATRIX, 1] = np.arange(4.0)
    assert memory[Kind.SCALAR, 3] == 7.0
    assert (memory[Kind.MATRIX, 1] == np.arange(4.0)).all()
    assert not memory[Kind.MATRIX, 0].any()


@pytest.mark.parametrize("row", [row for row in OPS if row.inputs], ids=lambda row: row.name)
def test_an_output_may_be_an_input(row: Op) -> None:
    overlapping, separate = filled_memory(), filled_memory()
    execute(Instruction(row.number, 0, 0, 0), overlapping)
    execute(Instruction(row.number, 0, 0, 1), separate)
    assert row.output is not None
    np.testing.assert_array_equal(overlapping[row.output, 0], separate[row.output, 1])


@given(instructions(memory=COUNTS))
def test_an_instruction_writes_nothing_but_its_output(instruction: Instruction) -> None:
    memory, before = filled_memory(), filled_memory()
    shape = [shape_of(kind, NUM_FEATURES) for kind, _ in instruction.outputs()]
    execute(instruction, memory, np.full(shape[0], 0.25) if shape else None)
    for target in instruction.outputs():
        before[target] = memory[target]
    for bank, expected in zip(memory.banks, before.banks, strict=True):
        np.testing.assert_array_equal(bank, expected)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("s2 = uniform(-1.0, 3.0)", 0.0),
        ("s2 = uniform(3.0, -1.0)", 3.0),  # an empty range gives its lower limit
        ("s2 = gaussian(5.0, 2.0)", 5.5),
        ("s2 = gaussian(5.0, 0.0)", 5.0),
    ],
)
def test_draws_are_scaled_to_the_constants(text: str, value: float) -> None:
    memory = filled_memory()
    execute(program(text).setup[0], memory, np.array(0.25))
    assert memory[Kind.SCALAR, 2] == value


def test_arithmetic_that_is_undefined_gives_nan_without_a_warning() -> None:
    memory = Memory(COUNTS, NUM_FEATURES)
    execute(program("v1 = v2 / v3").setup[0], memory)
    assert np.isnan(memory[Kind.VECTOR, 1]).all()


@settings(max_examples=200, deadline=None)
@given(NOISY_PROGRAMS | SOME_PROGRAMS, SOME_TASKS)
def test_pruning_changes_no_evaluation_random_ops_included(raw: Program, tasks: TaskSet) -> None:
    pruned = prune(raw, tasks.is_multiclass)
    assert same(evaluate(raw, tasks, 1), evaluate(pruned, tasks, 1))


@settings(max_examples=30, deadline=None)
@given(SOME_PROGRAMS, SOME_TASKS)
def test_an_evaluation_can_be_repeated(some: Program, tasks: TaskSet) -> None:
    assert same(evaluate(some, tasks, 0), evaluate(some, tasks, 0))


@settings(max_examples=60, deadline=None)
@given(SOME_PROGRAMS, SOME_TASKS)
def test_validation_does_not_see_labels(some: Program, tasks: TaskSet) -> None:
    other_labels = replace(tasks, valid_y=tasks.valid_y[:, ::-1])
    (first, memory), (second, other_memory) = (
        run(some, labelled, 0, max_abs_error=np.inf) for labelled in (tasks, other_labels)
    )
    for epoch, other in zip(first.epochs, second.epochs, strict=True):
        assert repr((epoch.train_errors, epoch.outputs)) == repr((other.train_errors, other.outputs))
    assert repr(memory.banks) == repr(other_memory.banks)


@settings(max_examples=60, deadline=None)
@given(SOME_PROGRAMS, SOME_TASKS)
def test_what_an_evaluation_says_fits_together(some: Program, tasks: TaskSet) -> None:
    evaluation = evaluate(some, tasks, 0, num_predictions=3)
    assert 0 <= evaluation.fitness <= 1
    assert (evaluation.error is None) == (evaluation.best_epoch is None)
    assert len(evaluation.first_predictions) == (0 if evaluation.best_epoch is None else 3)
    assert evaluation.stopped_early == (evaluation.stopped_in_training or evaluation.stopped_in_validation)
    assert evaluation.fitness == max(epoch.fitness for epoch in evaluation.epochs)
    if not evaluation.stopped_in_training:
        assert evaluation.train_steps == tasks.train_order.size


def test_live_random_instructions_are_numbered_before_dead_ones() -> None:
    some = program(
        "s3 = uniform(0, 1); s2 = uniform(0, 1)", "s1 = s1 + s2; v2 = gaussian(0, 1, n_features)", "s2 = gaussian(0, 1)"
    )
    assert noise_streams(some) == (2, 0, None, 3, 1)


@pytest.mark.parametrize("epochs", [1, 2])
def test_every_execution_has_its_own_step(epochs: int) -> None:
    """Setup has step 0; the last training and validation examples show that the others are counted one by one."""
    tasks = replace(TASK_SETS["regression"], train_order=np.tile(np.arange(6), (epochs, 1)), noise_seed=77)
    some = program(
        "s2 = uniform(0, 1); s1 = s1 + s2",
        "m1 = gaussian(0, 1, (n_features, n_features)); s3 = norm(m1); s1 = s1 + s3",
        "v1 = uniform(0, 1, n_features); s3 = norm(v1); s1 = s1 + s3",
    )
    _, memory = run(some, tasks, 1, max_abs_error=np.inf)
    last = epochs * (6 + 5)
    assert memory[Kind.SCALAR, 2] == noise.uniform(77, 1, stream=0, execution_step=0, count=1)
    assert (memory[Kind.MATRIX, 1] == noise.normal(77, 1, stream=1, execution_step=last, count=16).reshape(4, 4)).all()
    assert (memory[Kind.VECTOR, 1] == noise.uniform(77, 1, stream=2, execution_step=last - 5, count=4)).all()


def test_tasks_and_seeds_have_their_own_noise() -> None:
    tasks = TASK_SETS["regression"]
    some = program(predict="s1 = gaussian(0, 1)")
    evaluations = [evaluate(some, tasks, 0), evaluate(some, tasks, 1), evaluate(some, replace(tasks, noise_seed=1), 0)]
    assert len({evaluation.first_predictions for evaluation in evaluations}) == 3
