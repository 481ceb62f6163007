from __future__ import annotations

from pathlib import Path

import pytest
from small_config import small_config

from automl_zero.analysis.subject import load_subject
from automl_zero.program.library import library_program
from automl_zero.program.program import ProgramError
from automl_zero.program.text import to_text
from automl_zero.run.store import RunFolder

NET = library_program("two_layer_net")


def test_a_program_is_one_of_the_library_or_in_a_file_or_the_final_one_of_a_run(tmp_path: Path) -> None:
    file, run = tmp_path / "net.txt", tmp_path / "run"
    file.write_text(to_text(NET))
    RunFolder.create(run, small_config())
    (run / "best" / "final.txt").write_text(to_text(NET))
    assert [load_subject(each) for each in ("two_layer_net", str(file), str(run))] == [NET] * 3


def test_a_run_that_goes_on_has_no_final_program(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", small_config())
    with pytest.raises(ProgramError, match="run has no final program yet: let it end"):
        load_subject(str(tmp_path / "run"))


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="no file and no library program"):
        load_subject(str(tmp_path))
