"""Messages about several faults of a config."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl_zero.config import ConfigError, load_config, parse_config


def written(folder: Path, text: str) -> str:
    path = folder / "config.toml"
    path.write_text(text)
    return str(path)


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(written(tmp_path, "seed = -1\ndtype = 'int8'\n[tasks]\nkin = 1"))
    assert len(str(error.value).splitlines()) == 3


def test_of_many_faults_the_first_twenty_are_reported_and_long_values_are_cut() -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config({f"wrong{number}": "x" * 10_000 for number in range(100)})
    lines = str(refused.value).splitlines()
    assert len(lines) == 20
    assert all(len(line) < 500 for line in lines)
