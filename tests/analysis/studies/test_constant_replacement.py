from __future__ import annotations

from typing import Any

import pytest
from support.runs.small_config import small_config

from automl_zero.analysis.studies.constant_replacement import decouple, with_constant
from automl_zero.analysis.studies.derived_constants import Use, coupled_uses
from automl_zero.config import Config
from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.program.text import from_text, to_text

SIZE = {"num_tasks": 10, "num_train": 100, "num_valid": 50}
SETUP = "def Setup():\n s2 = 0.1\n v3 = gaussian(0, 1, n_features)\n"


def learner(rate: str) -> Program:
    return from_text(
        f"{SETUP}def Predict():\n s1 = dot(v1, v0)\ndef Learn():\n s3 = s0 - s1\n {rate}\n"
        f" s3 = s4 * s3\n v2 = s3 * v0\n v1 = v1 + v2\n"
    )


def habitat(**changes: Any) -> Config:
    return small_config(tasks={"select": SIZE, **changes})


def test_a_learning_rate_that_is_a_norm_gives_way_to_a_constant() -> None:
    found = decouple(learner("s4 = norm(v3)"), habitat(), 30)
    (replacement,) = found.tried
    assert (replacement.where, replacement.scalar, replacement.kept) == ("s3 = s4 * s3", "s4", True)
    assert replacement.difference.high >= 0
    assert coupled_uses(found.program) == ()
    assert "norm" not in to_text(found.program)
    assert found.program.setup[0].data == (replacement.value,)


def test_a_bad_constant_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_zero.analysis.studies.constant_replacement._typical_value", lambda *_: 1e-9)
    program = learner("s4 = norm(v3)\n s4 = s4 * s2")
    found = decouple(program, habitat(), 10)
    assert [each.kept for each in found.tried] == [False]
    assert found.tried[0].difference.high < 0
    assert "norm" in to_text(found.program)


def test_a_constant_begins_with_what_the_expression_comes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[float] = []

    def recorded(program: Program, use: Use, value: float) -> Program:
        begun.append(value)
        return with_constant(program, use, value)

    monkeypatch.setattr("automl_zero.analysis.studies.constant_replacement.with_constant", recorded)
    decouple(learner("v4 = bcast(s2)\n s4 = norm(v4)"), habitat(), 1)
    assert begun == pytest.approx([0.2])  # four features of 0.1


def test_what_computes_nothing_from_its_memory_is_only_tuned() -> None:
    found = decouple(library_program("linear_regression"), habitat(), 5)
    assert found.tried == ()
    assert len(found.program) == 6


def test_it_is_the_same_whatever_the_number_of_threads() -> None:
    program = library_program("figure_6_pruned")
    config = habitat(kind="image-groups", num_features=8)
    assert decouple(program, config, 10) == decouple(program, config, 10, workers=3)


def test_only_the_one_read_is_changed() -> None:
    program = learner("s4 = norm(v3)")
    (use,) = coupled_uses(program)
    changed = with_constant(program, use, 0.5)
    assert to_text(changed) == to_text(program).replace("Setup():\n", "Setup():\n  s5 = 0.5\n").replace(
        "s3 = s4 * s3", "s3 = s5 * s3"
    )
