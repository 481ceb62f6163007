"""The test that comes with an export: it passes for the export, and fails for a file that computes something else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.programs.exports import each_language
from support.programs.reference_cases import program

from automl_zero.codegen.equivalence import example
from automl_zero.codegen.languages import LANGUAGES
from automl_zero.codegen.output_files import write_export
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.resolve import choose
from automl_zero.codegen.source import source_of
from automl_zero.program.library import LIBRARY, library_program

EXPLODES = program("s2 = 1000", "s1 = s2 + s0")
# Runs tests where only the named packages can be imported, and reports how many passed.
ALONE = """
import importlib.abc, importlib.util, json, sys
place, allowed, *files = sys.argv[1:]
sys.path.append(place)
import pytest  # which the tests need, not the exports
class Nothing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {*allowed.split(), *sys.stdlib_module_names}:
            raise ImportError(f"{name} is not to be had here")
sys.meta_path.insert(0, Nothing())
passed = 0
for file in files:
    spec = importlib.util.spec_from_file_location("a_test", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for test in [value for name, value in vars(module).items() if name.startswith("test_")]:
        test()
        passed += 1
print(json.dumps({"passed": passed, "numpy": "numpy" in sys.modules}))
"""

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


@pytest.mark.parametrize(("language", "allowed"), [("python", ""), ("numpy", "numpy")])
def test_every_library_program_is_exported_to_what_runs_without_other_packages(
    language: str, allowed: str, tmp_path: Path
) -> None:
    for name in LIBRARY:
        source = choose(name)
        out, test = tmp_path / f"{name}.py", tmp_path / f"test_{name}.py"
        write_export(source, language, LANGUAGES[language].write(source), out, test)
    files = [str(file) for file in tmp_path.glob("test_*.py")]
    place = str(Path(np.__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-c", ALONE, place, allowed, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stderr == ""
    assert json.loads(done.stdout) == {"passed": len(LIBRARY), "numpy": bool(allowed)}


@pytest.mark.parametrize("language", ["python", "numpy"])
def test_it_fails_beside_an_export_that_computes_otherwise(language: str, tmp_path: Path) -> None:
    assert outcomes(language, tmp_path, ("s1 = s1 + s4", "s1 = s1 - s4")) == "..F."


def test_an_example_is_one_on_which_training_works_if_there_is_any() -> None:
    assert [example(source).predictions is None for source in CASES.values()] == [False, False, False, True]
    assert len(example(CASES["noise"]).predictions or ()) == 6
