"""The old name of the package of estimators."""

from __future__ import annotations

import subprocess
import sys

import pytest

import automl_zero.export
from automl_zero import estimators
from automl_zero.errors import RenamedWarning


@pytest.mark.parametrize("name", estimators.__all__)
def test_an_estimator_is_found_under_the_old_name_with_a_warning(name: str) -> None:
    message = rf"automl_zero\.export\.{name} is now called automl_zero\.estimators\.{name}: the next release removes"
    with pytest.warns(RenamedWarning, match=message):
        assert getattr(automl_zero.export, name) is getattr(estimators, name)


def test_the_warning_points_at_the_line_of_the_user() -> None:
    code = "from automl_zero.export import EvolvedClassifier"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "RenamedWarning: automl_zero.export.EvolvedClassifier is now called" in done.stderr


def test_what_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Nothing"):
        _ = automl_zero.export.Nothing
