import warnings

import pytest

from automl_zero.system.machine_warning import MachineWarning, forget_warnings, warn_once


def test_a_subject_is_warned_of_once() -> None:
    forget_warnings()
    with pytest.warns(MachineWarning, match="first"):
        warn_once("folder", "first")
    warn_once("folder", "second")
    with pytest.warns(MachineWarning, match="of another"):
        warn_once("another folder", "of another")


def test_a_warning_that_is_forgotten_comes_again() -> None:
    for _ in range(2):
        forget_warnings()
        with pytest.warns(MachineWarning, match="again"):
            warn_once("folder", "again")
    with warnings.catch_warnings(record=True) as caught:
        warn_once("folder", "again")
    assert caught == []
