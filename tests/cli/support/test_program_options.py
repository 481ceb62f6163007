"""The tasks on which a command studies a program, and how it formats differences."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.runs.small_config import small_config, small_file

from automl_zero.cli.support.program_options import config_for, interval
from automl_zero.config import ConfigError
from automl_zero.program.library import library_program
from automl_zero.run.record.program_lookup import FoundProgram, find_program


def test_a_suite_is_used_even_for_the_program_of_a_run(tmp_path: Path) -> None:
    given = find_program("linear_regression")
    assert config_for(given, str(small_file(tmp_path)), ["seed=5"]) == small_config(5)


def test_a_program_of_the_library_needs_a_suite() -> None:
    given = find_program("linear_regression")
    assert isinstance(given, FoundProgram)
    assert given.program == library_program("linear_regression")
    with pytest.raises(ConfigError, match=r"on which tasks\? linear_regression is not a run"):
        config_for(given, None, [])


def test_differences_are_in_points() -> None:
    assert interval(0.012, -0.003, 0.02) == "+1.20 (-0.30 to +2.00)"
