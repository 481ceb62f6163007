"""Fused pairs: found where they may be, left alone where they may not, and the same to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.programs.strategies import programs

from automl_zero.program.library import library_program
from automl_zero.program.ops import BY_NAME
from automl_zero.program.program import AddressCounts, Program
from automl_zero.program.text import from_text
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm import evaluation, evaluation_arrays, execute
from automl_zero.vm.fuse import fuse
from automl_zero.vm.jit import jit_entry
from automl_zero.vm.lanes.lanes import width_of
from automl_zero.vm.lower import FUSED, KERNEL, Lowered, allocate, encode, lower, new_lowered

PAIRED = ["scalar_vector_product", "vector_sum", "scalar_matrix_product", "matrix_sum", "vector_outer_product"]
OPS = [
    BY_NAME[name]
    for name in (*PAIRED, "matrix_vector_product", "vector_inner_product", "scalar_const_set", "vector_gaussian_set")
]
RNG = np.random.default_rng(3)
TASKS = {
    loss: TaskSet(
        "random",
        RNG.normal(size=(4, 5, 3)),
        RNG.integers(0, 2, size=(4, 5)).astype(float),
        RNG.normal(size=(4, 4, 3)),
        RNG.integers(0, 2, size=(4, 4)).astype(float),
        loss,
    )
    for loss in Loss
}


def fused(program: Program, multiclass: bool = False) -> Lowered:
    room = new_lowered(len(program))
    lower(encode(program), multiclass, room)
    fuse(room, multiclass)
    return room


def fused_ops(program: Program, multiclass: bool = False) -> list[int]:
    result = fused(program, multiclass)
    numbers = {number for _, _, number in FUSED}
    return [int(op) for op in result.code[: result.bounds[3], KERNEL] if op in numbers]


def learning(*learn: str, predict: str = "v3 = dot(m0, v0)\n  s1 = dot(v3, v1)") -> Program:
    return from_text(f"def Setup():\n  s2 = 0.1\ndef Predict():\n  {predict}\ndef Learn():\n  " + "\n  ".join(learn))


FUSABLE: dict[str, tuple[str, ...]] = {
    "outer": ("v2 = s0 * v0", "v1 = v1 + v0", "m1 = outer(v2, v0)", "m0 = m0 + m1"),
    "outer, exchanged": ("m1 = outer(v0, v0)", "m0 = m1 + m0"),
    "not adjacent": ("m1 = outer(v0, v0)", "v1 = v1 + v0", "m0 = m1 + m0", "v0 = s2 * v1", "v1 = v1 + v0"),
    "scaled vector": ("v2 = s0 * v0", "v1 = v1 + v2"),
    "scaled matrix": ("m1 = s0 * m0", "m0 = m0 + m1"),
}
NOT_FUSABLE: dict[str, tuple[str, ...]] = {
    "read twice": ("v2 = s0 * v0", "v1 = v1 + v2", "v1 = v1 + v2"),
    "written by Predict, too": ("v3 = s0 * v0", "v1 = v1 + v3"),
    "added to itself": ("v2 = s0 * v0", "v1 = v2 + v2"),
    "into a third": ("v2 = s0 * v0", "v1 = v4 + v2", "v4 = v1 + v0"),
    "an input changes": ("v2 = s0 * v0", "s0 = s0 + s0", "v1 = v1 + v2", "s2 = s0 + s2", "v1 = s2 * v1"),
    "the sum comes first": ("v1 = v1 + v2", "v2 = s0 * v0"),
    "features": ("v0 = s0 * v1", "v1 = v1 + v0"),
}


@pytest.mark.parametrize("learn", FUSABLE.values(), ids=FUSABLE)
def test_a_product_that_is_added_and_forgotten_is_fused(learn: tuple[str, ...]) -> None:
    assert len(fused_ops(learning(*learn))) == 1


@pytest.mark.parametrize("learn", NOT_FUSABLE.values(), ids=NOT_FUSABLE)
def test_nothing_else_is(learn: tuple[str, ...]) -> None:
    assert fused_ops(learning(*learn)) == []


def test_what_is_read_after_a_program_is_not_forgotten() -> None:
    program = learning("s2 = norm(v3)", predict="v2 = s2 * v0\n  v3 = v3 + v2")
    assert fused_ops(program, multiclass=True) == []
    room = new_lowered(len(program))
    lower(encode(program), True, room)
    before = int(room.bounds[3])
    fuse(room, False)  # as if v2 were no prediction
    assert room.bounds[3] == before - 1


@pytest.mark.parametrize(("name", "expected"), [("two_layer_net", 2), ("linear_regression", 1), ("figure_5", 1)])
def test_known_programs_have_their_updates_fused(name: str, expected: int) -> None:
    assert len(fused_ops(library_program(name))) == expected


@jit_entry
def evaluate_plainly(
    width: Any,
    program: Any,
    lowered: Any,
    multiclass: bool,
    tasks: Any,
    rules: execute.Rules,
    buffers: Any,
    scores: Any,
) -> int:
    """As the entry of ``execute``, without fusing."""
    lower(program, multiclass, lowered)
    allocate(lowered, tasks.shape[evaluation_arrays.FEATURES], width_of(width))
    budget = evaluation.full_budget(tasks, rules.only_last_epoch)
    return evaluation.evaluate(width, lowered, tasks, budget, rules.max_abs_error, buffers, scores)


@pytest.mark.parametrize("loss", Loss)
@settings(max_examples=300)
@given(program=programs(max_size=8, ops=OPS, memory=AddressCounts(4, 4, 2), constants=st.floats(-3, 3)))
def test_fused_programs_do_the_same_to_the_last_bit(loss: Loss, program: Program) -> None:
    fused_run, plain_run = (execute.Prepared(program, TASKS[loss], lanes=4) for _ in range(2))
    steps = fused_run.run()
    assert evaluate_plainly(*plain_run._arguments) == steps
    assert repr(fused_run.evaluations()) == repr(plain_run.evaluations())
