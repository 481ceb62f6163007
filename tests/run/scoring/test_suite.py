"""A suite is the tasks of a preset, a file or a kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.runs.small_config import small_config, small_file

from automl_zero.config import ConfigError, load_config, preset_names
from automl_zero.config.task_kind_facts import KINDS
from automl_zero.run.scoring.suite import suite_config


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_a_suite(name: str) -> None:
    assert suite_config(name) == load_config(name)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_a_suite(name: str) -> None:
    config = suite_config(name, ["seed=3"])
    assert (config.name, config.seed, config.tasks.kind) == (name, 3, name)
    for key, value in KINDS[name].suite_sizes.items():
        assert getattr(config.tasks.final, key) == value


def test_a_file_is_a_suite(tmp_path: Path) -> None:
    assert suite_config(str(small_file(tmp_path))) == small_config()


def test_an_unknown_suite_is_refused_with_all_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no suite 'lineer': use a preset \(.*linear.*\), a kind \(.*table.*\), or"):
        suite_config("lineer")
