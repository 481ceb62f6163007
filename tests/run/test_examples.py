"""The examples in the docstrings of run/ give what they say."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import automl_zero.run

FOLDER = Path(automl_zero.run.__file__).parent
ENDLESS = ("run",)  # its example prints all events of a long run
MODULES = [
    ".".join(path.relative_to(FOLDER).with_suffix("").parts)
    for path in sorted(FOLDER.rglob("*.py"))
    if ">>> " in path.read_text() and path.stem not in ENDLESS
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_right(name: str) -> None:
    module = import_module(f"automl_zero.run.{name}")
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
