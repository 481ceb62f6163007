"""The golden data (see golden/README.md) as programs, task sets and arrays, and how to compare with them."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from automl_zero.program.ops import BY_NAME, OPS, Array, Op
from automl_zero.program.program import AddressCounts, Instruction, Program
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm.result import Evaluation

Pairs = dict[str, tuple[Any, Any]]

FOLDER = Path(__file__).parents[2] / "golden"
LOSSES = {"RMS_ERROR": Loss.RMSE, "ACCURACY": Loss.ACCURACY}


@cache
def load(name: str) -> dict[str, Any]:
    """A file of the golden data; the numbers "nan", "inf" and "-inf" are still strings."""
    content = (FOLDER / name).read_bytes()
    data: dict[str, Any] = json.loads(gzip.decompress(content) if name.endswith(".gz") else content)
    return data


def address_counts(name: str) -> AddressCounts:
    """The memory that the cases of a file ran in."""
    return AddressCounts(*(load(name)[bank] for bank in ("scalars", "vectors", "matrices")))


def instruction(op: int, in1: int, in2: int, out: int, value: Any, *data: Any) -> Instruction:
    """An instruction with those of the stored constants that its op has.

    Some cases have constants that ``Instruction`` refuses, NaN and negative indices; they are put past its checks.
    """
    row = OPS[op]
    constants = (value,) if row.name == "scalar_const_set" else data[: len(row.constants)]
    made = Instruction(op, in1, in2, out, (0.0,) * len(constants))
    object.__setattr__(made, "data", tuple(map(float, constants)))
    return made


OP_FIELDS = ("op", "in1", "in2", "out", "activation_data", "float_data_0", "float_data_1", "float_data_2")
LIBRARY_FUNCTIONS = range(BY_NAME["scalar_sin"].number, BY_NAME["scalar_log"].number + 1)


@cache
def op_cases() -> dict[int, list[dict[str, Any]]]:
    """Single instructions with the memory before and after, by the number of their op."""
    by_op = defaultdict(list)
    for case in load("ops.json.gz")["cases"]:
        by_op[case["op"]].append(case)
    return dict(by_op)


def op_instruction(case: dict[str, Any]) -> Instruction:
    """The instruction of a case."""
    return instruction(*(case[name] for name in OP_FIELDS))


def output_agrees(case: dict[str, Any], actual: Any, expected: Any) -> bool:
    """Whether an output equals that of the published program, except in cells that rounding decides."""
    wrong = np.array(differs(actual, expected, op_tolerance(OPS[case["op"]])))
    wrong_sign = np.array((actual == 0) & (np.signbit(actual) != np.signbit(expected)))
    np.put(wrong, case["sensitive_cells"], False)
    np.put(wrong_sign, case["sensitive_cells"] + case["zero_sign_cells"], False)
    return not (wrong | wrong_sign).any()


def op_tolerance(row: Op) -> float:
    """Elementwise arithmetic is exact; library functions differ in the last digits, and so do orders of summation."""
    if row.number in LIBRARY_FUNCTIONS:
        return 4 * float(np.finfo(np.float64).eps)
    inputs, _, output = row.signature.partition("->")
    summed_over = set(inputs) - set(output) - set(".,")
    return 1e-11 if summed_over else 0.0


@cache
def programs() -> dict[int, Program]:
    """Programs by their golden id."""
    return {
        stored["id"]: Program(
            *(tuple(instruction(*fields) for fields in stored[name]) for name in ("setup", "predict", "learn"))
        )
        for stored in load("programs.json.gz")["programs"]
    }


def program_names() -> dict[int, str]:
    """Names of the programs by their golden id."""
    return {stored["id"]: stored["name"] for stored in load("programs.json.gz")["programs"]}


@cache
def task_sets() -> dict[str, TaskSet]:
    """Task sets, of one task each, by their golden id."""
    return {stored["id"]: _task_set(stored) for stored in load("programs.json.gz")["tasks"]}


def _task_set(stored: dict[str, Any]) -> TaskSet:
    def examples(name: str) -> Array:
        return np.array([stored[name]], np.float64)

    return TaskSet(
        stored["id"],
        examples("train_features"),
        examples("train_labels"),
        examples("valid_features"),
        examples("valid_labels"),
        LOSSES[stored["eval_type"]],
        train_order=np.array(stored["train_order"], np.int64),
    )


@cache
def results() -> dict[int, list[dict[str, Any]]]:
    """Results of every program, by its golden id."""
    by_program = defaultdict(list)
    for result in load("programs.json.gz")["results"]:
        by_program[result["program"]].append(result)
    return dict(by_program)


def banks(memory: dict[str, Any]) -> tuple[Array, ...]:
    """A stored memory as arrays in the order of ``Kind``."""
    return tuple(np.array(memory[name], np.float64) for name in "svm")


def differs(actual: Any, expected: Any, relative: float, absolute: float = 0.0) -> Array:
    """Where numbers are further apart than the tolerance, or of another kind; the sign of a zero does not count.

    The tolerance is relative to the larger of the two and grows by the absolute one. None is like NaN.
    """
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    if actual.shape != expected.shape:
        return np.array(True)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        distance, size = abs(actual - expected), np.maximum(abs(actual), abs(expected))
        near = np.isfinite(size) & (distance <= relative * size + absolute)
    return np.asarray(~(same | near))


def evaluation_pairs(evaluation: Evaluation, result: dict[str, Any]) -> Pairs:
    """Everything of an evaluation but the details of its epochs, each with what the result has stored for it."""
    best = result["best_epoch"]
    predictions = [] if best is None else result["epochs"][best]["valid_prediction_first5"]
    stored = {**result, "error": result["raw_error"], "first_predictions": predictions}
    names = [field.name for field in fields(Evaluation) if field.name != "epochs"]
    return {name: (getattr(evaluation, name), stored[name]) for name in names}


def disagreements(result: dict[str, Any], pairs: Pairs) -> Pairs:
    """Those pairs of actual and stored numbers that are further apart than the result allows."""
    if result["sensitive"]:
        return {}
    absolute = 1e-12 if result["near_zero_cells"] else 0.0
    return {name: pair for name, pair in pairs.items() if differs(*pair, 1e-9, absolute).any()}
