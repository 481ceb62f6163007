"""Liveness and pruning: nothing that matters is removed, and nothing is kept for no reason."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.programs.strategies import programs

from automl_zero.program.ops import BY_NAME, Kind
from automl_zero.program.program import COMPONENTS, AddressCounts, Program
from automl_zero.program.prune import live_instructions, prune
from automl_zero.program.text import from_text
from automl_zero.tasks.task import Loss, TaskSet, shuffled_epochs
from automl_zero.vm.reference import evaluate

Cell = tuple[Kind, int]

SMALL_MEMORY, TINY_MEMORY = AddressCounts(4, 3, 2), AddressCounts(4, 3, 0)
FEW_OPS = [
    BY_NAME[name]
    for name in ("no_op", "scalar_sum", "scalar_const_set", "vector_norm", "vector_const_set", "scalar_vector_product")
]
BEFORE: dict[str, tuple[str, ...]] = {"setup": (), "predict": ("setup", "learn", "predict"), "learn": ("predict",)}

either_label = pytest.mark.parametrize("multiclass", [False, True], ids=["scalar", "multiclass"])


def program_of(setup: str = "", predict: str = "", learn: str = "") -> Program:
    bodies = (body.replace("; ", "\n") for body in (setup, predict, learn))
    return from_text("".join(f"def {name.title()}():\n{body}\n" for name, body in zip(COMPONENTS, bodies, strict=True)))


def task_set(multiclass: bool) -> TaskSet:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (1, 9)) if multiclass else rng.normal(size=(1, 9))
    loss = Loss.ACCURACY if multiclass else Loss.RMSE
    x, y, orders = rng.normal(size=(1, 9, 3)), labels.astype(float), shuffled_epochs(6, 2, rng)
    return TaskSet("small", x[:, :6], y[:, :6], x[:, 6:], y[:, 6:], loss, num_classes=3, train_order=orders)


TASK_SETS = {multiclass: task_set(multiclass) for multiclass in (False, True)}


@pytest.mark.parametrize(
    ("program", "pruned"),
    [
        (program_of("NoOp()", "NoOp()", "NoOp()"), program_of()),
        (program_of("s2 = 0.5", "s1 = s2 + s0"), program_of("s2 = 0.5", "s1 = s2 + s0")),
        # The prediction of one example is what the next Predict finds in s1.
        (program_of("s1 = 0.5", "s1 = s1 + s1"), program_of("s1 = 0.5", "s1 = s1 + s1")),
        (program_of("s1 = 0.5", "s1 = 0.25"), program_of("", "s1 = 0.25")),
        # What Learn writes is read by the next Predict.
        (program_of("", "s1 = s2 + s2", "s2 = s3 + s0; s3 = s1 + s2"),) * 2,
        # What Predict writes is read by the next Predict in validation, where no Learn comes between to overwrite it.
        (program_of("", "s1 = abs(s2); s2 = norm(v0)", "s2 = 0.5"),) * 2,
        # What Learn leaves for itself is lost if Predict overwrites it.
        (
            program_of("", "s2 = norm(v0); s1 = abs(s3)", "s3 = abs(s2); s2 = 0.5"),
            program_of("", "s2 = norm(v0); s1 = abs(s3)", "s3 = abs(s2)"),
        ),
        # Dead in the end, though it feeds itself for ever.
        (program_of("s2 = 0.5", "s1 = 0.5", "s2 = s2 + s2"), program_of("", "s1 = 0.5")),
        (program_of("", "s1 = 0.5; s2 = s3 + s3", "s3 = s2 + s2"), program_of("", "s1 = 0.5")),
        # Whoever runs the program writes label and features before Predict and before Learn.
        (program_of("v0 = bcast(s0); s0 = 2", "s1 = norm(v0)"), program_of("", "s1 = norm(v0)")),
        (program_of("s0 = 2", "s1 = abs(s0)", "s0 = 3"), program_of("", "s1 = abs(s0)")),
        (program_of("", "s1 = abs(s2); s0 = 2", "s2 = abs(s0)"), program_of("", "s1 = abs(s2)", "s2 = abs(s0)")),
        (program_of("", "s0 = 0.5; s1 = s0 + s0"), program_of("", "s0 = 0.5; s1 = s0 + s0")),
        # An overwritten value is dead, but not if only one element is overwritten.
        (program_of("", "v1 = abs(v0); v1 = abs(v2); s1 = norm(v1)"), program_of("", "v1 = abs(v2); s1 = norm(v1)")),
        (program_of("", "v1 = abs(v0); v1[0.5] = 2; s1 = norm(v1)"),) * 2,
        (program_of("m0[0, 0] = 2; m1[0, 0] = 2", "s1 = norm(m0)"), program_of("m0[0, 0] = 2", "s1 = norm(m0)")),
        # Read first, then overwritten.
        (program_of("", "s2 = abs(s3); s2 = abs(s2); s1 = abs(s2)"),) * 2,
    ],
)  # fmt: skip
def test_prune_keeps_exactly_what_matters(program: Program, pruned: Program) -> None:
    assert prune(program) == pruned


def test_with_many_classes_the_prediction_is_v2_and_the_label_v1() -> None:
    program = program_of("v1 = abs(v0)", "s1 = norm(v0); v2 = v3 + v1", "v3 = abs(v1)")
    assert prune(program) == program_of("", "s1 = norm(v0)")
    assert prune(program, multiclass=True) == program_of("", "v2 = v3 + v1", "v3 = abs(v1)")


@either_label
@given(program=programs(memory=SMALL_MEMORY))
def test_pruning_twice_is_pruning_once(multiclass: bool, program: Program) -> None:
    pruned = prune(program, multiclass)
    assert prune(pruned, multiclass) == pruned


@either_label
@settings(max_examples=200)
@given(program=programs(max_size=8, memory=SMALL_MEMORY, constants=st.floats(-2, 2)))
def test_pruning_never_changes_a_prediction(multiclass: bool, program: Program) -> None:
    before, after = (
        evaluate(candidate, TASK_SETS[multiclass], 0, max_abs_error=inf)
        for candidate in (program, prune(program, multiclass))
    )
    assert before == after
    for epoch, pruned_epoch in zip(before.epochs, after.epochs, strict=True):
        np.testing.assert_array_equal(epoch.train_errors, pruned_epoch.train_errors)


@either_label
@settings(max_examples=300)
@given(program=programs(ops=FEW_OPS, memory=TINY_MEMORY))
def test_an_instruction_is_live_if_and_only_if_it_is_on_some_path(multiclass: bool, program: Program) -> None:
    lives = live_instructions(program, multiclass)
    marked = {
        (name, position)
        for name, component in zip(COMPONENTS, lives, strict=True)
        for position, live in enumerate(component)
        if live
    }
    assert marked == live_on_some_path(program, multiclass)


def live_on_some_path(program: Program, multiclass: bool) -> set[tuple[str, int]]:
    """Follow every path of execution backwards from its end, never joining two of them."""
    live: set[tuple[str, int]] = set()
    seen: set[tuple[str, frozenset[Cell]]] = set()
    ends: list[tuple[str, frozenset[Cell]]] = [("predict", frozenset())]
    while ends:
        name, needed = end = ends.pop()
        if end not in seen:
            seen.add(end)
            earlier = needed_before(program, name, needed, multiclass, live)
            ends += [(before, earlier) for before in BEFORE[name]]
    return live


def needed_before(
    program: Program, name: str, needed_after: frozenset[Cell], multiclass: bool, live: set[tuple[str, int]]
) -> frozenset[Cell]:
    needed = set(needed_after)
    if name == "predict":
        needed.add((Kind.VECTOR, 2) if multiclass else (Kind.SCALAR, 1))
    for position, instruction in reversed(list(enumerate(getattr(program, name)))):
        for output in instruction.outputs():
            if output in needed:
                live.add((name, position))
                needed -= set() if instruction.row.partial else {output}
                needed |= set(instruction.inputs())
    return frozenset(needed - {(Kind.SCALAR, 0), (Kind.VECTOR, 0)} - ({(Kind.VECTOR, 1)} if multiclass else set()))
