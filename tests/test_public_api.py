"""The names in ``automl_zero.__all__``: at run time, for completion, and for a user's type checker."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import automl_zero
from automl_zero import estimators

ROOT = Path(__file__).parents[1]
HEAVY = ("numba", "sklearn", "scipy", "matplotlib", "pydantic")

RIGHT = """
from automl_zero import AutoMLZeroClassifier, AutoMLZeroError, AutoMLZeroRegressor, Callback, Config, ConfigError
from automl_zero import EvolvedClassifier, EvolvedRegressor, IncompleteFitWarning, Program, RenamedWarning, Result
from automl_zero import Search, library_program, load_config
from automl_zero.estimators import AutoMLZeroClassifier as SameClassifier

config: Config = load_config("linear-graphs", ["stop.max_programs=1000"])
program: Program = library_program("two_layer_net")
result: Result = Search("linear-graphs", ["stop.max_programs=1000"], seed=1, workers=2).run()
text: str = result.text
classifier = AutoMLZeroClassifier(max_seconds=1, random_state=0, n_jobs=1)
same: SameClassifier = classifier
regressor = AutoMLZeroRegressor(max_seconds=1, initial="empty")
nets = EvolvedClassifier(program, epochs=2), EvolvedRegressor("two_layer_net", width=16)
errors: list[type[BaseException]] = [AutoMLZeroError, ConfigError, IncompleteFitWarning, RenamedWarning]
callback: Callback | None = None
"""
WRONG = """
from automl_zero import AutoMLZeroClassifier, Search, load_config
from automl_zero import Serch
from automl_zero.estimators import AutoMLZeroClassifer

AutoMLZeroClassifier(max_second=1)
Search("linear-graphs", sed=1)
Search(1)
load_config("linear-graphs", overrides=3)
"""


@pytest.mark.parametrize("module", [automl_zero, estimators])
def test_every_public_name_can_be_imported_and_is_listed(module: object) -> None:
    names = module.__all__  # type: ignore[attr-defined]
    assert names == sorted(names)
    assert set(names) <= set(dir(module))
    assert all(getattr(module, name) is not None for name in names)


@pytest.mark.parametrize("module", ["automl_zero", "automl_zero.estimators"])
def test_another_name_is_an_attribute_error(module: str) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Serch'"):
        import_module(module).Serch  # noqa: B018


def test_the_package_is_imported_without_what_is_heavy() -> None:
    code = f"import sys, automl_zero; dir(automl_zero); print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_mypy_accepts_a_right_script_and_finds_each_wrong_line_of_another(tmp_path: Path) -> None:
    for name, text in (("right_use", RIGHT), ("wrong_use", WRONG)):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    scripts = sorted(map(str, tmp_path.glob("*.py")))
    command = [sys.executable, "-m", "mypy", "--no-pretty", "--no-error-summary", *scripts]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.findall(r"(\w+_use)\.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.M)
    assert [(name, int(line), code) for name, line, code in found] == [
        ("wrong_use", 3, "attr-defined"),
        ("wrong_use", 4, "attr-defined"),
        ("wrong_use", 6, "call-arg"),
        ("wrong_use", 7, "call-arg"),
        ("wrong_use", 8, "arg-type"),
        ("wrong_use", 9, "arg-type"),
    ], done.stdout + done.stderr
