"""The compiled engine does what the published C++ program did: every op, and every program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.programs import golden_data as golden
from support.programs import kernel_cases as cases

from automl_zero.program.ops import OPS
from automl_zero.vm.execute import evaluate

Count = Callable[[str, int], None]

LANES = 8


@pytest.mark.parametrize(
    "op", [op for op in golden.op_cases() if OPS[op].output is not None], ids=lambda op: OPS[op].name
)
def test_an_op_changes_the_memory_as_in_the_published_program(op: int, count_golden: Count) -> None:
    found = golden.op_cases()[op]
    assert [case["id"] for case in found if not op_agrees(case)] == []
    count_golden("op cases in agreement, compiled", len(found))


def op_agrees(case: dict[str, Any]) -> bool:
    """Run the case in one lane, between others of which it must not see anything."""
    instruction, lane, rng = golden.op_instruction(case), case["id"] % LANES, np.random.default_rng(case["id"])
    before, after = golden.banks(case["before"]), golden.banks(case["after"])
    banks = tuple(rng.normal(size=(*bank.shape, LANES)) for bank in before)
    for bank, values in zip(banks, before, strict=True):
        bank[..., lane] = values
    results = [bank[..., lane] for bank in cases.run_kernel([instruction], banks)]
    for kind, out in instruction.outputs():
        if not golden.output_agrees(case, results[kind][out], after[kind][out]):
            return False
        after[kind][out] = results[kind][out]
    return all(bank.tobytes() == expected.tobytes() for bank, expected in zip(results, after, strict=True))


@pytest.mark.parametrize("number", golden.programs(), ids=golden.program_names().get)
def test_a_program_scores_as_in_the_published_program(number: int, count_golden: Count) -> None:
    results = golden.results()[number]
    for result in results:
        tasks = golden.task_sets()[result["task"]]
        (evaluation,) = evaluate(golden.programs()[number], tasks, dtype="float64", lanes=LANES)
        pairs = golden.evaluation_pairs(evaluation, result)
        assert golden.disagreements(result, pairs) == {}, result["task"]
    count_golden("evaluations in agreement, compiled", sum(not result["sensitive"] for result in results))
