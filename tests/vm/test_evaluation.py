"""Whole programs on the compiled engine: what the reference says, on every task, whatever happens to the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.programs import kernel_cases as cases
from support.programs import rounding, strategies
from support.programs.kernel_cases import every_width
from support.programs.reference_cases import program as program_of

from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.ops import OPS, Kind
from automl_zero.program.program import AddressCounts, Program
from automl_zero.program.prune import prune
from automl_zero.tasks.task import Loss, TaskSet, shuffled_epochs
from automl_zero.vm import evaluation, execute
from automl_zero.vm.evaluation_arrays import EvaluationBudget
from automl_zero.vm.lanes.lanes import Width
from automl_zero.vm.lower import allocate, encode, lower, new_lowered
from automl_zero.vm.reference import evaluate as reference_evaluate
from automl_zero.vm.result import Evaluation
from automl_zero.vm.stop_flag import StopFlag

COUNTS, FEW = AddressCounts(4, 4, 3), AddressCounts(3, 2, 0)
CONSTANTS = st.floats(-3, 3)
QUIET_OPS = [op for op in OPS if not op.draws]
LIMITS = st.sampled_from([100.0, 100.0, 3.0, 1.0, 0.4, float("inf")])
PARENTS = ("linear_regression", "two_layer_net", "multiclass_mean_learning_rate")
NUMBERS_OF_TASKS = (1, 2, 8, 9, 17)


def new_tasks(
    seed: int,
    count: int,
    *,
    classes: int = 0,
    num_features: int = 4,
    num_train: int = 5,
    num_valid: int = 4,
    epochs: int = 2,
) -> TaskSet:
    """Random tasks with numbers of different sizes, so that some fail where others do not; 0 classes: regression."""
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.integers(-1, 3, (count, 1, 1))
    x = rng.normal(size=(count, num_train + num_valid, num_features)) * scale
    y = rng.normal(size=x.shape[:2]) * scale[..., 0] / 4
    if classes:
        y = rng.integers(0, classes, y.shape).astype(float)
    loss, order = Loss.ACCURACY if classes else Loss.RMSE, shuffled_epochs(num_train, epochs, rng)
    parts = x[:, :num_train], y[:, :num_train], x[:, num_train:], y[:, num_train:]
    return TaskSet("random", *parts, loss, max(classes, 2), order, noise_seed=int(rng.integers(0, 2**63)))


@st.composite
def task_sets(draw: st.DrawFn) -> TaskSet:
    classes = draw(st.sampled_from([0, 0, 2, 3, 5]))
    return new_tasks(
        draw(st.integers(0, 2**32)),
        draw(st.sampled_from(NUMBERS_OF_TASKS)),
        num_features=draw(st.integers(max(classes, 1), max(classes, 5))),
        num_train=draw(st.integers(1, 6)),
        num_valid=draw(st.integers(1, 5)),
        epochs=draw(st.integers(1, 3)),
        classes=classes,
    )


@st.composite
def grown_programs(draw: st.DrawFn, ops: Any = OPS) -> Program:
    """Programs that learn, with random instructions anywhere between theirs."""
    parent = library_program(draw(st.sampled_from(PARENTS)))
    counts = parent.address_counts()
    memory = AddressCounts(max(counts.scalars, 4), max(counts.vectors, 4), max(counts.matrices, 1))
    components = []
    for component in parent:
        code = list(component)
        for instruction in draw(st.lists(strategies.instructions(ops, memory, CONSTANTS), max_size=3)):
            code.insert(draw(st.integers(0, len(code))), instruction)
        components.append(tuple(i for i in code if not i.row.draws or ops is OPS))
    return Program(*components)


def some_programs(ops: Any = OPS) -> st.SearchStrategy[Program]:
    """All ops on some addresses, scalars and vectors on very few, or a known program that has grown."""
    dense = [op for op in ops if Kind.MATRIX not in (*op.inputs, op.output)]
    sparse = strategies.programs(8, ops, COUNTS, CONSTANTS)
    return sparse | strategies.programs(8, dense, FEW, CONSTANTS) | grown_programs(ops) | grown_programs(ops)


def compared_tasks(tasks: TaskSet) -> list[int]:
    """The first, the last, and those on either side of a boundary between blocks."""
    return sorted({0, len(tasks) // 2, min(7, len(tasks) - 1), len(tasks) - 1})


# Against the reference --------------------------------------------------------------------------------------------


def test_random_programs_score_as_in_the_reference() -> None:
    """Where rounding decides, nothing can be compared; that must be the exception."""
    seen: Counter[str] = Counter()
    ops: set[int] = set()

    @settings(max_examples=600)
    @given(some_programs(), task_sets(), LIMITS, st.integers(0, 6))
    def check(program: Program, tasks: TaskSet, limit: float, num_predictions: int) -> None:
        knobs: dict[str, Any] = {"max_abs_error": limit, "num_predictions": num_predictions}
        actual = execute.evaluate(program, tasks, dtype="float64", lanes=8, **knobs)
        assert len(actual) == len(tasks)
        for task, expected in rounding.reference_evaluations(program, tasks, compared_tasks(tasks), **knobs):
            seen.update([*result(actual[task]), "robust" if expected else "decided by rounding"])
            ops.update(i.op for i in prune(program, tasks.is_multiclass).instructions() if expected)
            assert expected is None or rounding.differences(actual[task], expected, 1e-7) == {}, task

    check()
    assert seen["decided by rounding"] < 0.1 * seen["robust"], seen
    assert len(ops) > 50
    assert min(seen[name] for name in ("stopped in training", "stopped in validation", "later epoch", "scored")) > 5


def result(evaluation: Evaluation) -> list[str]:
    names = {
        "stopped in training": evaluation.stopped_in_training,
        "stopped in validation": evaluation.stopped_in_validation,
        "later epoch": bool(evaluation.best_epoch),
        "scored": 0 < evaluation.fitness < 1,
    }
    return [name for name, holds in names.items() if holds]


LARGE = {"num_features": 16, "num_train": 20, "num_valid": 10}
SETS = {classes: new_tasks(classes, 9, classes=classes, **LARGE) for classes in (0, 2, 10)}
NEAR = {"float32": 3e-3, "float64": 1e-9}


@every_width
def test_known_programs_score_as_in_the_reference(dtype: str, lanes: int) -> None:
    seen: Counter[str] = Counter()
    near = NEAR[dtype]
    for name, entry in LIBRARY.items():
        for classes in (10,) if entry.multiclass else (0, 2):
            tasks, program = of_size_one(SETS[classes]), library_program(name)
            actual = execute.evaluate(program, tasks, dtype=dtype, lanes=lanes)
            for task, expected in rounding.reference_evaluations(program, tasks, range(0, 9, 4), dtype, near / 10):
                seen["robust" if expected else "decided by rounding"] += 1
                assert expected is None or rounding.differences(actual[task], expected, near) == {}, name
    assert seen["decided by rounding"] < 0.4 * seen["robust"], seen


def of_size_one(tasks: TaskSet) -> TaskSet:
    """The tasks with features and labels that gradients can digest, and that are exact in both precisions."""
    scale = np.abs(tasks.train_x).max(axis=(1, 2), keepdims=True)
    label_scale = scale[..., 0] if tasks.loss is Loss.RMSE else 1.0
    return replace(
        tasks,
        train_x=single(tasks.train_x / scale),
        valid_x=single(tasks.valid_x / scale),
        train_y=single(tasks.train_y / label_scale),
        valid_y=single(tasks.valid_y / label_scale),
    )


def single(values: Any) -> Any:
    """Numbers that are the same in both precisions."""
    return values.astype(np.float32).astype(np.float64)


# Lanes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@settings(max_examples=100)
@given(program=some_programs(), tasks=task_sets(), limit=LIMITS)
def test_the_number_of_lanes_changes_nothing(dtype: str, program: Program, tasks: TaskSet, limit: float) -> None:
    narrow, wide = (
        execute.evaluate(program, tasks, dtype=dtype, lanes=lanes, max_abs_error=limit)
        for other, lanes in cases.WIDTHS
        if other == dtype
    )
    assert repr(narrow) == repr(wide)


@settings(max_examples=100)
@given(program=some_programs(QUIET_OPS), tasks=task_sets(), limit=LIMITS)
def test_a_task_scores_as_if_it_were_alone(program: Program, tasks: TaskSet, limit: float) -> None:
    together = execute.evaluate(program, tasks, dtype="float64", lanes=8, max_abs_error=limit)
    alone = [
        execute.evaluate(program, only(tasks, task), dtype="float64", lanes=8, max_abs_error=limit)[0]
        for task in range(len(tasks))
    ]
    assert repr(together) == repr(alone)


def only(tasks: TaskSet, *numbers: int) -> TaskSet:
    parts = {name: getattr(tasks, name)[list(numbers)] for name in ("train_x", "train_y", "valid_x", "valid_y")}
    return replace(tasks, **parts)


def test_lanes_that_fail_at_different_times_do_not_disturb_each_other() -> None:
    """Each lane has its own first epoch in which the validation ends well, and every other one its end of training."""
    program = program_of(
        "s2 = 1000; s3 = 0.1", "s4 = norm(v0); s1 = s4 * s2; s1 = s1 + s5", "s2 = s2 * s3; s5 = s5 + s0"
    )
    x = np.zeros((17, 3, 2)) + 10.0 ** np.linspace(-3, 3, 17)[:, None, None]
    labels = np.where(np.arange(17) % 2, 60.0 / (1 + np.arange(17)), 0.0)[:, None]
    parts = x[:, :1] * 0, labels, x, np.full((17, 3), 2.0)
    tasks = TaskSet("sizes", *parts, Loss.RMSE, train_order=np.zeros((7, 1), np.int64))
    actual = execute.evaluate(program, tasks, dtype="float64", lanes=8, max_abs_error=20.0)
    expected = [reference_evaluate(program, tasks, task, max_abs_error=20.0) for task in range(17)]
    assert [task for task in range(17) if rounding.differences(actual[task], expected[task], 1e-12)] == []
    assert len({evaluation.best_epoch for evaluation in actual}) > 4
    assert len({evaluation.train_steps for evaluation in actual}) > 2
    assert {evaluation.stopped_in_validation for evaluation in actual} == {False, True}


@pytest.mark.parametrize("lanes", [4, 8])
def test_a_lane_goes_on_from_where_its_validation_failed(lanes: int) -> None:
    """s2 counts the runs of Predict: in the first epoch one and two, for the second validation example fails.

    That the fourth one would fail, too, must not matter.
    """
    program = program_of(
        "s3 = 1; s4 = 100; s5 = 0.01", "s2 = s2 + s3; s1 = norm(v0); s1 = s1 * s4; s1 = s1 + s2", "s4 = s4 * s5"
    )
    valid = np.zeros((2, 5, 1))
    valid[0, [1, 3]] = 1000.0
    parts = np.zeros((2, 1, 1)), np.zeros((2, 1)), valid, np.zeros((2, 5))
    tasks = TaskSet("fails once", *parts, Loss.RMSE, train_order=np.zeros((3, 1), np.int64))
    failed, other = execute.evaluate(program, tasks, dtype="float64", lanes=lanes)
    assert failed.stopped_in_validation
    assert failed.first_predictions == pytest.approx((5, 16, 7, 18, 9))
    assert not other.stopped_early
    assert other.first_predictions == (2, 3, 4, 5, 6)


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_features_and_labels_are_presented_again_to_predict_and_to_learn(classes: int) -> None:
    """Whatever a program has written to their addresses, and has read there itself."""
    spoil = "s0 = 7; v0[0.1] = 7; v0 = v0 + v0" + ("; v1[0.6] = 7" if classes > 2 else "; s3 = s3 + s0")
    see = "s4 = norm(v0); s2 = s2 + s4; s2 = s2 + s0" + ("; s4 = norm(v1); s2 = s2 + s4" if classes > 2 else "")
    out = "v3 = bcast(s2); v2 = v0 * v3" if classes > 2 else "s1 = s2 + s3"
    program = program_of(f"{spoil}; {see}", f"{see}; {spoil}; {see}; {out}", f"{see}; {spoil}; {see}")
    tasks = new_tasks(11, 3, classes=classes, num_valid=8)
    actual = execute.evaluate(program, tasks, dtype="float64", lanes=8, max_abs_error=1e9, num_predictions=8)
    expected = [reference_evaluate(program, tasks, task, max_abs_error=1e9, num_predictions=8) for task in range(3)]
    assert [rounding.differences(*pair, 1e-9) for pair in zip(actual, expected, strict=True)] == [{}] * 3


@pytest.mark.parametrize("name", ["figure_6", "noisy_relu", "learning_rate_decay"])
def test_only_the_last_epoch_counts_where_no_other_is_validated(name: str) -> None:
    """Predictions of a validation may change the memory: with one validation, figure_6 learns otherwise in between."""
    program, tasks = library_program(name), new_tasks(3, 5, classes=2, epochs=3)
    actual = execute.evaluate(program, tasks, dtype="float64", lanes=4, epochs="last")
    expected = [reference_evaluate(program, tasks, task, epochs="last") for task in range(5)]
    assert [rounding.differences(*pair, 1e-9) for pair in zip(actual, expected, strict=True)] == [{}] * 5
    assert {each.best_epoch for each in actual} == {2}
    assert {each.best_epoch for each in execute.evaluate(program, tasks, dtype="float64", lanes=4)} != {2}


def test_a_program_that_fails_in_the_last_epoch_has_no_fitness_where_that_epoch_alone_counts() -> None:
    grows = program_of("s2 = 1; s3 = 8", "s4 = norm(v0); s1 = s4 * s2", "s2 = s2 * s3")
    x = np.ones((1, 1, 1))
    tasks = TaskSet("grows", x, x[..., 0], x, x[..., 0], Loss.RMSE, train_order=np.zeros((3, 1), np.int64))
    best, last = (execute.evaluate(grows, tasks, dtype="float64", epochs=which)[0] for which in ("best", "last"))
    assert (best.best_epoch, last.best_epoch) == (0, None)
    assert best.fitness > last.fitness == 0.0


def test_every_failure_of_all_lanes_ends_the_evaluation() -> None:
    program = program_of(predict="s1 = s2 / s2")
    for evaluated in execute.evaluate(program, new_tasks(0, 9), dtype="float64", lanes=8):
        assert (evaluated.fitness, evaluated.error, evaluated.best_epoch, evaluated.train_steps) == (0.0, None, None, 1)
        assert evaluated.stopped_in_training
        assert evaluated.first_predictions == ()


# Fingerprints -----------------------------------------------------------------------------------------------------


def fingerprint(program: Program, tasks: TaskSet, num_train: int = 4, num_valid: int = 3) -> tuple[int, list[int]]:
    """The hash, and the steps that each task was trained."""
    lowered = new_lowered(len(program))
    lower(encode(program), tasks.is_multiclass, lowered)
    allocate(lowered, tasks.num_features, 8)
    stop = StopFlag()
    buffers = execute.new_buffers(program.address_counts(), tasks, "float64", 8, num_train + num_valid, stop)
    buffers.trace[:] = np.nan
    scores, packed = execute.new_scores(execute.padded(len(tasks), 8)), execute.pack(tasks, "float64", 8)
    budget = EvaluationBudget(num_train, num_valid, 1, validated_from=0, blocks=(0, 1))
    key = evaluation.fingerprint(Width("float64", 8), lowered, packed, budget, 100.0, buffers, scores)
    return int(key), scores.steps[: len(tasks)].tolist()


LEARNS = program_of("s2 = 0.1", "s1 = dot(v1, v0)", "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2")
SAME = {
    "operands exchanged": program_of(
        "s2 = 0.1", "s1 = dot(v0, v1)", "s3 = s0 - s1; s3 = s3 * s2; v2 = s3 * v0; v1 = v2 + v1"
    ),
    "equal up to rounding": program_of(
        "s2 = 0.1", "s1 = dot(v1, v0)", "s3 = s0 - s1; v2 = s3 * v0; v2 = s2 * v2; v1 = v1 + v2"
    ),
    "another way": program_of(
        "s2 = -0.1", "s1 = dot(v1, v0)", "s3 = s1 - s0; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2"
    ),
}
OTHER = {
    "another rate": program_of(
        "s2 = 0.1001", "s1 = dot(v1, v0)", "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2"
    ),
    "another sign": program_of(
        "s2 = 0.1", "s1 = dot(v1, v0)", "s3 = s1 - s0; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2"
    ),
    "learns nothing": program_of("s2 = 0.1", "s1 = dot(v1, v0)"),
    "fails": program_of(predict="s1 = s2 / s2"),
    "infinite": program_of(predict="s1 = 1 / s2"),
}
SMALL_TASKS = replace(new_tasks(4, 5, num_train=6, num_valid=5), train_x=new_tasks(5, 5, num_train=6).train_x / 1000)


@pytest.mark.parametrize("name", SAME)
def test_programs_of_one_behaviour_share_their_fingerprint(name: str) -> None:
    assert fingerprint(SAME[name], SMALL_TASKS) == fingerprint(LEARNS, SMALL_TASKS)


def test_programs_of_different_behaviour_have_different_fingerprints() -> None:
    keys = [fingerprint(program, SMALL_TASKS)[0] for program in (LEARNS, *OTHER.values())]
    assert len(set(keys)) == len(keys)


def changed(part: str, example: int) -> TaskSet:
    values = getattr(SMALL_TASKS, part).copy()
    values[2, example] += 0.25
    return replace(SMALL_TASKS, **{part: values})


@pytest.mark.parametrize(
    ("part", "example", "matters"),
    [
        ("train_x", 3, True),
        ("train_x", 4, False),
        ("train_y", 2, True),
        ("train_y", 4, False),
        ("valid_x", 2, True),
        ("valid_x", 3, False),
        ("valid_y", 0, False),
    ],
)
def test_a_fingerprint_sees_the_first_examples_alone(part: str, example: int, matters: bool) -> None:
    assert (fingerprint(LEARNS, changed(part, example)) != fingerprint(LEARNS, SMALL_TASKS)) == matters


def test_a_fingerprint_counts_the_steps_of_every_task() -> None:
    assert fingerprint(LEARNS, SMALL_TASKS)[1] == [4] * 5
    assert fingerprint(OTHER["fails"], SMALL_TASKS)[1] == [1] * 5


@pytest.mark.parametrize("classes", [2, 3])
def test_every_class_counts_in_a_fingerprint(classes: int) -> None:
    predict = "v2 = v0 * v3" if classes > 2 else "s1 = dot(v0, v3)"
    tasks = new_tasks(6, 4, classes=classes)
    weights = [f"v3[{k / 4}] = {value}; v3[0.75] = 3" for k in range(3) for value in (1, 2)]
    keys = [fingerprint(program_of(setup, predict), tasks)[0] for setup in weights]
    assert len(set(keys)) == len(weights)
    assert fingerprint(program_of(weights[0], predict), tasks)[0] == keys[0]


def test_classes_cannot_be_exchanged_in_a_fingerprint() -> None:
    tasks = new_tasks(6, 4, classes=3)
    setups = [f"v3[0] = {a}; v3[0.25] = {b}; v3[0.5] = {c}" for a, b, c in permutations((1, 2, 3))]
    assert len({fingerprint(program_of(setup, "v2 = v3 + v4"), tasks)[0] for setup in setups}) == 6


def test_elements_beyond_the_classes_do_not_count_in_a_fingerprint() -> None:
    tasks = new_tasks(6, 4, classes=3)
    keys = [fingerprint(program_of(f"v3[0.75] = {value}", "v2 = v0 + v3"), tasks)[0] for value in (1, 2)]
    assert keys[0] == keys[1]
