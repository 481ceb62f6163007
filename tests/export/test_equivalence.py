"""The test that comes with an export: it passes beside the export, and fails beside one that computes otherwise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from exports import each_language
from reference_cases import program

from automl_zero.export.equivalence import example
from automl_zero.export.files import write_export
from automl_zero.export.languages import LANGUAGES
from automl_zero.export.source import Prediction, source_of
from automl_zero.program.library import library_program

EXPLODES = program("s2 = 1000", "s1 = s2 + s0")
CASES = {
    "noise": source_of(library_program("noisy_relu"), Prediction.BINARY, "noise"),
    "many classes": source_of(library_program("multiclass_net"), Prediction.MULTICLASS, "many classes"),
    "no noise": source_of(library_program("affine_regression"), Prediction.REGRESSION, "no noise"),
    "fails": source_of(EXPLODES, Prediction.REGRESSION, "fails"),
}


def outcomes(language: str, folder: Path, change: tuple[str, str] = ("", "")) -> str:
    """How the tests of all cases end, one letter each, after a change of the exports."""
    (folder / "tests").mkdir()
    for number, source in enumerate(CASES.values()):
        out, test = folder / f"model_{number}.py", folder / "tests" / f"test_{number}.py"
        write_export(source, language, LANGUAGES[language].write(source), out, test)
        out.write_text(out.read_text().replace(*change))
        assert "automl_zero" not in out.read_text() + test.read_text()
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return done.stdout.split()[0]


@each_language
def test_it_passes_beside_the_export(language: str, tmp_path: Path) -> None:
    assert outcomes(language, tmp_path) == "...."


@pytest.mark.parametrize("language", ["python", "numpy"])
def test_it_fails_beside_an_export_that_computes_otherwise(language: str, tmp_path: Path) -> None:
    assert outcomes(language, tmp_path, ("s1 = s1 + s4", "s1 = s1 - s4")) == "..F."


def test_an_example_is_one_on_which_training_works_if_there_is_any() -> None:
    assert [example(source).predictions is None for source in CASES.values()] == [False, False, False, True]
    assert len(example(CASES["noise"]).predictions or ()) == 6
