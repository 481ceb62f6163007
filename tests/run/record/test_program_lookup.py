"""A name means the same program everywhere: one of the library, one in a file, or the best one of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.runs.small_config import small_config

from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import ProgramError
from automl_zero.program.text import to_text
from automl_zero.run.record.program_lookup import find_program, load_program
from automl_zero.run.record.run_folder import RunFolder, StoreError

FITTING = "def Setup():\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n"


@pytest.mark.parametrize("name", LIBRARY)
def test_every_library_program_loads_by_name(name: str) -> None:
    assert load_program(name) == library_program(name)


@pytest.mark.parametrize("name", LIBRARY)
def test_every_library_program_loads_from_a_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "program.txt"
    path.write_text(to_text(library_program(name)))
    assert load_program(str(path)) == library_program(name)


def test_the_library_reports_what_its_programs_predict_and_files_do_not(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text(FITTING.replace("v0)", "v0)  # weighted sum"))
    given = find_program(str(file))
    assert (given.name, given.text, given.multiclass, given.folder, given.config) == (
        "mine", file.read_text(), None, None, None,
    )  # fmt: skip
    assert [find_program(name).multiclass for name in ("two_layer_net", "multiclass_net")] == [False, True]


def test_of_a_run_the_result_is_meant_or_else_the_best_so_far(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", small_config())
    for file, name in (("search", "linear_regression"), ("select", "two_layer_net"), ("final", "figure_5")):
        (tmp_path / "run" / "best" / f"{file}.txt").write_text(to_text(library_program(name)))
        given = find_program(str(tmp_path / "run"))
        assert given.program == library_program(name)
        assert (given.name, given.folder, given.config) == ("small", tmp_path / "run", small_config())


def test_a_run_may_have_no_program_yet(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", small_config())
    with pytest.raises(
        StoreError, match="run has no program yet: let the run continue, with 'resume' if it was stopped"
    ):
        load_program(str(tmp_path / "run"))


def test_a_folder_of_the_name_of_a_library_program_hides_it_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "figure_5").mkdir()
    assert load_program("figure_5") == library_program("figure_5")


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


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "no library program, file or run folder '.*missing': the library has linear_regression, "),
        ("binary", "binary is not a text file: write the program as UTF-8 text"),
        ("", "is not a run folder, it has no config.toml"),
        ("binary/below", "below' cannot be read .*: check the path"),
        ("n" * 300, "cannot be read .*: check the path"),
        ("nul\0", "cannot be read .*: check the path"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises((ProgramError, StoreError), match=message):
        load_program(str(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "meant"), [("two_layer_nt", "two_layer_net"), ("run/mine.tx", "run/mine.txt"), ("rum", "run")]
)
def test_what_was_meant_is_asked(name: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").touch()
    with pytest.raises(ProgramError, match=f"no library program, file or run folder '{name}': did you mean {meant}\\?"):
        load_program(name)
