"""Which programs cannot learn by their code, and that they indeed do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.programs.strategies import programs

from automl_zero.program.library import LIBRARY, LibraryEntry, library_program
from automl_zero.program.ops import OPS, Op
from automl_zero.program.program import AddressCounts, Program
from automl_zero.program.text import from_text
from automl_zero.search.learnability import GIVES_ZERO, can_learn, new_abstract_memory
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm import reference
from automl_zero.vm.lower import encode, lower, new_lowered

NAMES = ("Setup", "Predict", "Learn")
SMALL = AddressCounts(4, 3, 2)
# Ops that neither make infinities of finite numbers, but by overflow, nor hide them: of what is not finite in the
# middle of a program, something is left at its end.
FINITE_OPS = [
    op
    for op in OPS
    if not any(part in op.name for part in ("division", "reciprocal", "arc", "exp", "log", "heaviside", "min", "max"))
]
RNG = np.random.default_rng(5)
TASKS = TaskSet(
    "random",
    RNG.normal(size=(1, 3, 2)),
    RNG.normal(size=(1, 3)),
    RNG.normal(size=(1, 2, 2)),
    RNG.normal(size=(1, 2)),
    Loss.RMSE,
)
OTHER_LABELS = replace(TASKS, train_y=RNG.normal(size=(1, 3)))
OTHER_FEATURES = replace(TASKS, valid_x=RNG.normal(size=(1, 2, 2)))

FIT = "s2 = s0 - s1\nv2 = s2 * v0\nv1 = v1 + v2"
# Bodies of the component functions.
UNABLE = {
    "nothing": ("", "", ""),
    "a constant": ("s1 = 0.5", "", ""),
    "no learning": ("v1 = gaussian(0, 1, n_features)", "s1 = dot(v0, v1)", ""),
    "no label": ("", "s1 = dot(v0, v1)", "v1 = v1 + v0"),
    "a label that is hidden": ("", "s1 = dot(v0, v1)\ns1 = s1 + s0", "v1 = v1 + v0"),
    "no features": ("", "s1 = s2 + s1", "s2 = s0 - s1"),
    "features of the example before": ("", "s1 = dot(v1, v1)", FIT),
    "a matrix of zeros": ("", "v2 = dot(m0, v0)\ns1 = dot(v2, v1)", FIT),
    "an update of zero": ("", "s1 = dot(v0, v1)", "s2 = s3 * s0\nv2 = s2 * v0\nv1 = v1 + v2"),
    "learned, then overwritten": ("", "v1 = abs(v2)\ns1 = dot(v0, v1)", "v1 = s0 * v0"),
}
ABLE = {
    "a sum of the labelled": ("", "s1 = dot(v0, v1)", "v2 = s0 * v0\nv1 = v1 + v2"),
    "by way of Predict": ("", "s1 = dot(v0, v1)\nv1 = v2 + v1", "v2 = s0 * v0"),
    "one element of a vector": ("v1[0.5] = 0.3", "s1 = dot(v1, v0)\ns1 = s1 * s2", "s2 = s0 - s1"),
}


def program_of(bodies: tuple[str, ...]) -> Program:
    return from_text("".join(f"def {name}():\n{body}\n" for name, body in zip(NAMES, bodies, strict=True)))


def learns(program: Program, multiclass: bool = False) -> bool:
    lowered = new_lowered(len(program))
    lower(encode(program), multiclass, lowered)
    return can_learn(lowered, multiclass, new_abstract_memory())


@pytest.mark.parametrize("entry", LIBRARY.values(), ids=LIBRARY)
def test_known_programs_can_learn_but_not_without_their_learn(entry: LibraryEntry) -> None:
    program = library_program(entry.name)
    assert learns(program, entry.multiclass)
    assert not learns(Program(program.setup, program.predict), entry.multiclass)


@pytest.mark.parametrize("bodies", UNABLE.values(), ids=UNABLE)
def test_programs_that_cannot_learn_are_found(bodies: tuple[str, ...]) -> None:
    assert not learns(program_of(bodies))


@pytest.mark.parametrize("bodies", ABLE.values(), ids=ABLE)
def test_programs_that_can_are_let_through(bodies: tuple[str, ...]) -> None:
    assert learns(program_of(bodies))


@settings(max_examples=1000)
@given(program=programs(max_size=5, ops=FINITE_OPS, memory=SMALL, constants=st.floats(-2, 2)))
def test_a_refused_program_predicts_the_same_for_other_labels_or_for_other_features(program: Program) -> None:
    assume(not learns(program))
    predictions = [_predictions(program, tasks) for tasks in (TASKS, OTHER_LABELS, OTHER_FEATURES)]
    assert predictions[0] in predictions[1:]


def _predictions(program: Program, tasks: TaskSet) -> tuple[float, ...]:
    with np.errstate(all="ignore"):
        evaluation, memory = reference.run(program, tasks, 0, max_abs_error=np.inf)
    assume(evaluation.error is not None)
    assume(all(np.isfinite(bank).all() for bank in memory.banks))
    return evaluation.first_predictions


@pytest.mark.parametrize("op", [op for op in OPS if op.inputs], ids=lambda op: op.name)
def test_the_table_of_zeros_says_when_the_output_of_an_op_is_zero(op: Op) -> None:
    rng = np.random.default_rng(op.number)
    for zeros in range(1, 1 << len(op.inputs)):
        outputs = []
        for _ in range(20):
            inputs = [
                np.zeros((3,) * kind) if zeros >> place & 1 else rng.normal(size=(3,) * kind)
                for place, kind in enumerate(op.inputs)
            ]
            with np.errstate(all="ignore"):
                outputs.append(op.meaning(*inputs))
        assert GIVES_ZERO[op.number, zeros] == (not np.any(outputs))


def test_without_inputs_or_with_none_of_them_zero_nothing_is_known_to_be_zero() -> None:
    assert not GIVES_ZERO[:, 0].any()
    assert not GIVES_ZERO[[op.number for op in OPS if not op.inputs]].any()
