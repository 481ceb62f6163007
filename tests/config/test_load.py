"""Loading of configs: presets, files and overrides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.runs.small_config import VALUES, small_config

from automl_zero.config import ConfigError, Mutation, load_config, override


def written(folder: Path, text: str) -> str:
    path = folder / "config.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("override", "section", "key", "value"),
    [
        ("tasks.num_features=8", "tasks", "num_features", 8),
        ("tasks.kind=affine", "tasks", "kind", "affine"),
        ("tasks.kind='affine'", "tasks", "kind", "affine"),
        (" tasks.num_features = 8 ", "tasks", "num_features", 8),
        ("mutation.prob=0.5", "mutation", "prob", 0.5),
        ("mutation.weights={ insert = 1 }", "mutation", "weights", {Mutation.INSERT: 1.0}),
        ("mutation.weights.insert=1", "mutation", "weights", {Mutation.INSERT: 1.0}),
        ("program.max_sizes=[1, 2, 3]", "program", "max_sizes", (1, 2, 3)),
        ("program.initial=a=b.txt", "program", "initial", "a=b.txt"),
        ("stop.max_seconds=none", "stop", "max_seconds", None),
        ("tasks.projection=none", "tasks", "projection", "none"),
        ("stop.max_experiments=None", "stop", "max_experiments", None),
    ],
)
def test_an_override_changes_one_value(override: str, section: str, key: str, value: Any, tmp_path: Path) -> None:
    path = written(tmp_path, "[stop]\nmax_seconds = 5\n")
    assert getattr(getattr(load_config(path, [override]), section), key) == value


def test_the_last_override_of_a_key_counts(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, "seed = 1"), ["seed=2", "seed=3"]).seed == 3


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("tasks.num_features", "'tasks.num_features' is not an override: write key=value"),
        ("=8", "'=8' is not an override: write key=value"),
        ("seed.deep=8", "'seed' in 'seed.deep=8' is a value, not a section"),
        ("tasks.numfeatures=8", "unknown key tasks.numfeatures = 8: did you mean num_features?"),
        ("tasks.num_features=eight", "tasks.num_features = 'eight': input should be a valid integer"),
    ],
)
def test_a_faulty_override_is_reported(override: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(written(tmp_path, "seed = 1"), [override])


def test_a_config_is_overridden_like_a_file() -> None:
    changes = ["tasks.num_features=5", "stop.max_programs=none", "stop.max_seconds=1"]
    changed = override(small_config(), changes)
    assert changed == small_config(
        tasks={**VALUES["tasks"], "num_features": 5}, stop={"max_programs": None, "max_seconds": 1}
    )
    with pytest.raises(ConfigError, match=r"unknown key tasks\.numfeatures = 8: did you mean num_features?"):
        override(small_config(), ["tasks.numfeatures=8"])


def test_an_unknown_name_is_reported_with_the_presets() -> None:
    with pytest.raises(ConfigError, match=r"no preset or file 'nonsense': presets are .*linear"):
        load_config("nonsense")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"cannot read config file .*binary\.toml"):
        load_config(str(tmp_path / "binary.toml"))
