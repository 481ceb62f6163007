from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.runs.small_config import small_config

from automl_zero.config import ConfigError
from automl_zero.program.library import library_program
from automl_zero.program.program import Program, ProgramError
from automl_zero.run.initial_programs import initial_programs
from automl_zero.run.record.program_lookup import load_program

FITTING = "def Setup():\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n"


def test_empty_is_the_empty_program_and_random_is_none() -> None:
    assert initial_programs(small_config(program={"initial": "empty"})) == [Program()]
    assert initial_programs(small_config(program={"initial": "random"})) is None


def test_a_search_can_begin_with_a_file_or_a_library_program(tmp_path: Path) -> None:
    path = tmp_path / "program.txt"
    path.write_text(FITTING)
    assert initial_programs(small_config(program={"initial": str(path)})) == [load_program(str(path))]
    large = small_config(program={"initial": "linear_regression"}, memory={"scalars": 8, "vectors": 8})
    assert initial_programs(large) == [library_program("linear_regression")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"program": {"initial": "figure_6"}}, "program.initial = 'figure_6': .* addresses: raise the count"),
        (
            {"program": {"initial": "linear_regression", "max_sizes": (4, 3, 2)}},
            "program.initial = 'linear_regression': learn has 4 instructions, but its limit is 2",
        ),
    ],
    ids=["memory", "sizes"],
)
def test_a_program_that_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        initial_programs(small_config(**changes))


def test_a_program_below_the_least_sizes_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'empty' has 0 instructions in predict, but program.min_sizes asks for 2"):
        initial_programs(small_config(program={"initial": "empty", "min_sizes": (0, 2, 0)}))
