"""Known programs fit the tasks they are for."""

from __future__ import annotations

import pytest
from support.programs.small_programs import TASKS

from automl_zero.estimators.model import is_for_classes
from automl_zero.estimators.reference_programs import known_programs


@pytest.mark.parametrize("name", TASKS)
def test_known_programs_have_the_form_of_their_tasks(name: str) -> None:
    programs = known_programs(TASKS[name])
    assert list(programs) == ["linear model", "two-layer net"]
    assert all(is_for_classes(each) == TASKS[name].is_multiclass for each in programs.values())
