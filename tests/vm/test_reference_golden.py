"""The reference does what the published C++ program did: every op, and every program in all its details."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.programs import golden_data as golden

from automl_zero.program.ops import BY_NAME, OPS
from automl_zero.vm.reference import Memory, execute, run
from automl_zero.vm.result import Epoch

Count = Callable[[str, int], None]


@pytest.mark.parametrize("op", golden.op_cases(), ids=lambda op: OPS[op].name)
def test_an_op_changes_the_memory_as_in_the_published_program(op: int, count_golden: Count) -> None:
    cases = golden.op_cases()[op]
    assert [case["id"] for case in cases if not op_agrees(case)] == []
    count_golden("op cases in agreement", len(cases))


def op_agrees(case: dict[str, Any]) -> bool:
    instruction = golden.op_instruction(case)
    memory = Memory(golden.address_counts("ops.json.gz"), case["F"])
    for bank, before in zip(memory.banks, golden.banks(case["before"]), strict=True):
        bank[...] = before
    execute(instruction, memory)
    after = golden.banks(case["after"])
    for kind, out in instruction.outputs():
        if not golden.output_agrees(case, memory[kind, out], after[kind][out]):
            return False
        after[kind][out] = memory[kind, out]
    return all(bank.tobytes() == expected.tobytes() for bank, expected in zip(memory.banks, after, strict=True))


@pytest.mark.parametrize("stored", golden.load("ops.json.gz")["index_mapping"], ids=lambda stored: f"F={stored['F']}")
def test_an_index_fraction_selects_the_element_of_the_published_program(
    stored: dict[str, Any], count_golden: Count
) -> None:
    vector = np.zeros(stored["F"])
    set_element = BY_NAME["vector_const_set"].meaning
    chosen = [int(set_element(vector, fraction, 1.0).argmax()) for fraction in stored["fraction"]]
    assert chosen == stored["index"]
    count_golden("index fractions in agreement", len(chosen))


@pytest.mark.parametrize("number", golden.programs(), ids=golden.program_names().get)
def test_a_program_runs_as_in_the_published_program(number: int, count_golden: Count) -> None:
    results = golden.results()[number]
    for result in results:
        evaluation, memory = run(golden.programs()[number], golden.task_sets()[result["task"]], 0)
        pairs = golden.evaluation_pairs(evaluation, result) | memory_pairs(memory, result)
        for position, (epoch, stored) in enumerate(zip(evaluation.epochs, result["epochs"], strict=True)):
            pairs |= epoch_pairs(f"epoch {position}: ", epoch, stored)
        first = evaluation.epochs[0]
        endured = first.train_errors[:-1] if first.train_stopped else first.train_errors
        pairs["first train errors"] = endured[:5], result["train_abs_error_first5"]
        assert golden.disagreements(result, pairs) == {}, result["task"]
    compared = sum(not result["sensitive"] for result in results)
    count_golden("evaluations in agreement", compared)
    count_golden("evaluations run, too sensitive to rounding to be compared", len(results) - compared)


def epoch_pairs(prefix: str, epoch: Epoch, stored: dict[str, Any]) -> golden.Pairs:
    pairs: golden.Pairs = {
        "train_steps": (len(epoch.train_errors), stored["train_steps"]),
        "train_stopped": (epoch.train_stopped, stored["train_stopped"]),
    }
    if epoch.train_stopped:
        pairs["last error"] = epoch.train_errors[-1], stored["train_stop_abs_error"]
    else:
        stop = len(epoch.outputs) - 1 if epoch.valid_stopped else None
        pairs["valid stop"] = stop, stored["valid_stopped_at"]
        pairs["error"] = epoch.error, stored["raw_error"]
        pairs["fitness"] = epoch.fitness, stored["fitness"]
        pairs["outputs"] = epoch.outputs[:5], stored["valid_s1_first5"]
        pairs["predictions"] = epoch.predictions[:5], stored["valid_prediction_first5"]
    return {prefix + name: pair for name, pair in pairs.items()}


def memory_pairs(memory: Memory, result: dict[str, Any]) -> golden.Pairs:
    """The final memory; addresses that the program never touches were zero in the larger one, too."""
    pairs = {}
    for prefix, bank, stored in zip("svm", memory.banks, golden.banks(result["memory"]), strict=True):
        padded = np.zeros_like(stored)
        padded[: len(bank)] = bank
        pairs[prefix] = padded, stored
    return pairs
