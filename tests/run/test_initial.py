from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_config import small_config

from automl_zero.config import ConfigError
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import Program, ProgramError
from automl_zero.program.text import to_text
from automl_zero.run.initial import initial_programs, load_program

FITTING = "def Setup():\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n"


@pytest.mark.parametrize("name", LIBRARY)
def test_every_library_program_loads_by_name(name: str) -> None:
    assert load_program(name) == library_program(name)


@pytest.mark.parametrize("name", LIBRARY)
def test_every_library_program_loads_from_a_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "program.txt"
    path.write_text(to_text(library_program(name)))
    assert load_program(str(path)) == library_program(name)


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
    ("text", "message"),
    [
        (FITTING.replace("dot", "dott"), r"program\.txt: line 3, column .*dott"),
        (FITTING.replace("v1", "v99"), r"program\.txt: line 3, column .*v99"),
        (FITTING.replace("v1", "m1"), r"program\.txt: line 3, column "),
        ("", r"program\.txt: line 1, column 1: .*def Setup"),
    ],
    ids=["unknown op", "bad address", "wrong type", "empty file"],
)
def test_a_faulty_program_file_is_named_with_the_place(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "program.txt"
    path.write_text(text)
    with pytest.raises(ProgramError, match=message):
        load_program(str(path))


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name, message in (("missing", "no file and no library program"), ("binary", "text file"), ("", "directory")):
        with pytest.raises(ProgramError, match=message) as error:
            load_program(str(tmp_path / name))
        assert str(tmp_path / name) in str(error.value)


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
