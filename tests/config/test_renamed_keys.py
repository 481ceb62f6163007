"""Keys of the release before are read by their old names, with a warning, wherever a config may have them."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from support.runs.small_config import small_config

from automl_zero.config import Config, ConfigError, load_config, override, parse_config
from automl_zero.config.sections import Section
from automl_zero.errors import RenamedWarning

VALUES: dict[str, Any] = {
    "mutation.attempts": 3,
    "mutation.drift": 0.25,
    "evaluation.must_learn": True,
    "experiment.at_once": 2,
}
RENAMED = [
    (name, old, new)
    for name, field in Config.model_fields.items()
    if isinstance(field.default, Section)
    for old, new in field.default.renamed.items()
]
every_key = pytest.mark.parametrize(("section", "old", "new"), RENAMED)


def toml(value: Any) -> str:
    return str(value).lower()


def warns(old: str, new: str) -> Any:
    return pytest.warns(RenamedWarning, match=re.escape(f"{old} is now called {new}: the next release removes"))


def test_every_renamed_key_has_a_value_here_and_a_new_name_that_exists() -> None:
    assert {f"{section}.{old}" for section, old, _ in RENAMED} == {*VALUES}
    for section, old, new in RENAMED:
        assert {old, new} & {*type(Config.model_fields[section].default).model_fields} == {new}


@every_key
def test_a_file_may_use_the_old_name_and_is_written_with_the_new_one(
    section: str, old: str, new: str, tmp_path: Path
) -> None:
    value = VALUES[f"{section}.{old}"]
    (tmp_path / "old.toml").write_text(f"[{section}]\n{old} = {toml(value)}\n")
    with warns(old, new):
        config = load_config(str(tmp_path / "old.toml"))
    assert getattr(getattr(config, section), new) == value
    (tmp_path / "new.toml").write_text(config.to_toml())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_config(str(tmp_path / "new.toml")) == config


@every_key
def test_a_file_with_both_names_is_refused(section: str, old: str, new: str, tmp_path: Path) -> None:
    value = toml(VALUES[f"{section}.{old}"])
    (tmp_path / "both.toml").write_text(f"[{section}]\n{old} = {value}\n{new} = {value}\n")
    message = f"{section}: {old} is the old name of {new}, and both are set: leave out {old}"
    with pytest.raises(ConfigError, match=re.escape(message)):
        load_config(str(tmp_path / "both.toml"))


@every_key
def test_an_override_may_use_the_old_name_though_the_config_has_the_new_one(section: str, old: str, new: str) -> None:
    value = VALUES[f"{section}.{old}"]
    with warns(f"{section}.{old}", f"{section}.{new}"):
        config = override(small_config(), [f"{section}.{old}={toml(value)}"])
    assert getattr(getattr(config, section), new) == value


@every_key
def test_an_override_by_either_name_wins_over_a_file_by_the_other(
    section: str, old: str, new: str, tmp_path: Path
) -> None:
    value, path = VALUES[f"{section}.{old}"], tmp_path / "config.toml"
    default = getattr(getattr(Config(), section), new)
    for in_file, in_override in ((old, new), (new, old)):
        path.write_text(f"[{section}]\n{in_file} = {toml(default)}\n")
        with pytest.warns(RenamedWarning):
            config = load_config(str(path), [f"{section}.{in_override}={toml(value)}"])
        assert getattr(getattr(config, section), new) == value


@every_key
def test_overrides_by_both_names_are_refused(section: str, old: str, new: str) -> None:
    value = toml(VALUES[f"{section}.{old}"])
    message = f"{section}.{old} is the old name of {section}.{new}, and both are set: leave out {section}.{old}"
    with pytest.raises(ConfigError, match=re.escape(message)):
        override(small_config(), [f"{section}.{new}={value}", f"{section}.{old}={value}"])


@every_key
def test_plain_values_may_use_the_old_name(section: str, old: str, new: str) -> None:
    value = VALUES[f"{section}.{old}"]
    with warns(old, new):
        config = parse_config({section: {old: value}})
    assert getattr(getattr(config, section), new) == value


MUTATION = [(old, new) for section, old, new in RENAMED if section == "mutation"]


@pytest.mark.parametrize(("old", "new"), MUTATION)
def test_a_group_of_islands_may_use_the_old_name_but_not_both(old: str, new: str, tmp_path: Path) -> None:
    value, path = VALUES[f"mutation.{old}"], tmp_path / "groups.toml"
    path.write_text(f"[[islands.groups]]\n[islands.groups.mutation]\n{old} = {toml(value)}\n")
    with warns(old, new):
        config = load_config(str(path))
    assert getattr(config.of_island(0).mutation, new) == value
    path.write_text(f"{path.read_text()}{new} = {toml(value)}\n")
    with pytest.raises(ConfigError, match=rf"islands\.groups\.0\.mutation: {old} is the old name of {new}, and both"):
        load_config(str(path))
