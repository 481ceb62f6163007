"""The reference with other rounding: which evaluations are decided by the last digits, and so cannot be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
from support.programs import golden_data as golden
from support.programs import kernel_cases as cases

from automl_zero.program.ops import Array, Op
from automl_zero.program.program import Instruction, Program
from automl_zero.tasks.task import TaskSet
from automl_zero.vm import fitness, noise, reference
from automl_zero.vm.result import Evaluation

TRIALS = 3  # an evaluation is robust if so many runs that round otherwise agree with it
GAIN = 4  # how much coarser than real rounding theirs is


def differences(actual: Evaluation, expected: Evaluation, tolerance: float) -> dict[str, tuple[Any, Any]]:
    """What two evaluations say differently, but for the details of their epochs; relative to 1 and to the number."""
    names = [field.name for field in fields(Evaluation) if field.name != "epochs"]
    pairs = {name: (getattr(actual, name), getattr(expected, name)) for name in names}
    return {name: pair for name, pair in pairs.items() if golden.differs(*pair, tolerance, tolerance).any()}


def is_robust(evaluation: Evaluation, again: Callable[[], Evaluation], dtype: str, tolerance: float) -> bool:
    """Whether ``again``, which repeats the evaluation, gives the same result with other rounding.

    The predictions before any threshold must be alike, too: classes may agree by chance.
    """
    for trial in range(TRIALS):
        with other_rounding(dtype, trial):
            other = again()
        if differences(evaluation, other, tolerance) or outputs_differ(evaluation, other, 1e3 * tolerance):
            return False
    return True


def outputs_differ(one: Evaluation, other: Evaluation, tolerance: float) -> bool:
    """Whether any raw prediction of any epoch differs by more than the tolerance, relative to its size or to 1."""
    pairs = zip(one.epochs, other.epochs, strict=True)
    return any(golden.differs(a.outputs, b.outputs, tolerance, tolerance).any() for a, b in pairs)


def reference_evaluations(
    program: Program,
    tasks: TaskSet,
    numbers: Sequence[int],
    dtype: str = "float64",
    tolerance: float = 1e-9,
    **knobs: Any,
) -> Iterator[tuple[int, Evaluation | None]]:
    """The reference's evaluation of these tasks; None in place of one that is not robust."""
    for task in numbers:
        again = partial(reference.evaluate, program, tasks, task, **knobs)
        evaluation = again()
        yield task, evaluation if is_robust(evaluation, again, dtype, tolerance) else None


@contextmanager
def other_rounding(dtype: str, trial: int) -> Iterator[None]:
    """Let the reference round otherwise than it does, as a computation in ``dtype`` in another order would."""
    execute = reference.execute

    def rounded(instruction: Instruction, memory: reference.Memory, draws: Array | None = None) -> None:
        inputs = [np.array(memory[operand]) for operand in instruction.inputs()]
        execute(instruction, memory, draws)
        for target in instruction.outputs():
            memory[target] = _rounded(instruction.row, inputs, np.array(memory[target]), dtype, trial)

    def near(x: Any) -> Any:
        return x * (1 + GAIN * float(np.finfo(dtype).eps) * _jitter(x, trial))

    with patch.multiple(
        reference,
        execute=rounded,
        sigmoid=lambda x: fitness.sigmoid(float(near(x))),
        softmax=lambda outputs: fitness.softmax(near(outputs)),
    ):
        yield


@np.errstate(all="ignore")
def _rounded(row: Op, inputs: Sequence[Array], output: Array, dtype: str, trial: int) -> Any:
    jitter, info = _jitter(output, trial), np.finfo(dtype)
    if cases.sums(row):
        limit = GAIN * cases.rounding(row, inputs, len(inputs[-1]), dtype).astype(np.float64)
        root = np.sqrt(np.maximum(output**2 + jitter * limit, 0)) if cases.is_root(row) else output + jitter * limit
        output = np.where(np.isfinite(output), root, output)
    elif dtype == "float32" or row.number in golden.LIBRARY_FUNCTIONS or row.draws == "normal":
        output = output * (1 + jitter * GAIN * float(info.eps))
    return np.where(abs(output) < info.tiny, output * 0, np.where(abs(output) > info.max, output * np.inf, output))


@np.errstate(over="ignore")
def _jitter(x: Any, trial: int) -> Array:
    """From -1 to 1, the same for equal numbers: rounding does not part what is computed alike."""
    bits = np.asarray(x, np.float64).view(np.uint64) + np.uint64(trial + 1)
    for _ in range(2):
        bits = (bits ^ (bits >> np.uint64(29))) * np.uint64(noise.GOLDEN_64)
    return np.asarray((bits >> np.uint64(11)) * 2.0**-52 - 1)
