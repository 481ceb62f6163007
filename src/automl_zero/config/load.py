"""Loading of configs from presets, TOML files, overrides and plain values."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from automl_zero.config.config import Config
from automl_zero.config.config_error import ConfigError, explain, shown
from automl_zero.config.paths import make_absolute
from automl_zero.config.sections import CONTROL, MAX_DOTS, Section
from automl_zero.errors import warn_renamed
from automl_zero.system.safe_files import UnsafeFileError, read_regular

LONGEST = 1 << 22  # bytes of a config file
MAX_FAULTS = 20  # messages in one error


def preset_names() -> list[str]:
    """Return the names of the presets that come with the package."""
    return sorted(file.name.removesuffix(".toml") for file in _presets().iterdir() if file.name.endswith(".toml"))


def load_config(name_or_path: str, overrides: Sequence[str] = (), *, within: Path | None = None) -> Config:
    """Load a preset or a TOML file and apply overrides such as ``tasks.num_features=8``.

    Paths in a file are relative to its folder, those in overrides to the working folder (``paths``). ``within`` is a
    folder below which no link is followed, see ``safe_files.open_regular``.

    Raises:
        ConfigError: there is no such preset or file, it is not TOML, a key is unknown, or a value is out of range.

    Example:
        >>> load_config("linear", ["tasks.num_features=8"]).tasks.num_features
        8
    """
    values = _read(name_or_path, within)
    if name_or_path not in preset_names():
        make_absolute(values, Path(name_or_path).parent)
    return with_overrides(values, overrides)


def with_overrides(values: dict[str, Any], overrides: Sequence[str]) -> Config:
    """Apply overrides to plain values, which are changed, and return them as a config.

    Raises:
        ConfigError: see ``load_config``.
    """
    # Old names are replaced first, so that an override wins over a file even if they use different names of a key.
    _replace_old_names(values)
    for key, text in _with_new_names([_split(override) for override in overrides]):
        _apply(values, key, text)
    make_absolute(values, Path())
    return parse_config(values)


def override(config: Config, overrides: Sequence[str]) -> Config:
    """Return the config with overrides such as ``tasks.num_features=8``.

    Raises:
        ConfigError: a key is unknown, or a value is out of range.
    """
    return with_overrides(config.model_dump(mode="json"), overrides)


def parse_config(values: Mapping[str, Any]) -> Config:
    """Return plain values as a config, after checking every key and value.

    Raises:
        ConfigError: keys or values are invalid; the message names each of them and what is possible.
    """
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(islice(explain(error, Config), MAX_FAULTS))) from None


def _presets() -> Any:
    return resources.files("automl_zero") / "experiments"


def _read(name_or_path: str, within: Path | None) -> dict[str, Any]:
    if name_or_path in preset_names():
        text = (_presets() / f"{name_or_path}.toml").read_text(encoding="utf-8")
    elif _is_file(name_or_path):
        text = _read_file(Path(name_or_path), within)
    else:
        raise ConfigError(f"no preset or file {shown(name_or_path)}: presets are {', '.join(preset_names())}")
    try:
        return _parse(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name_or_path} is not valid TOML: {error}") from None


def _is_file(name: str) -> bool:
    try:
        return Path(name).exists() and not Path(name).is_dir()
    except OSError:  # a name that no file can have
        return False


def _read_file(path: Path, within: Path | None) -> str:
    try:
        return read_regular(path, LONGEST, within=within).decode()
    except UnsafeFileError as error:
        raise ConfigError(
            f"cannot read config file {path}: {error.strerror}; give a file such as config.toml"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read config file {path}: {error}") from None


def _parse(text: str) -> dict[str, Any]:
    """Parse TOML.

    Raises:
        ValueError, RecursionError: the text is not TOML, or would take the parser very long.
    """
    if max((line.count(".") for line in text.splitlines()), default=0) > MAX_DOTS:
        raise ValueError(f"a line has more than {MAX_DOTS} dots")
    return tomllib.loads(text)


def _replace_old_names(values: dict[str, Any]) -> None:
    for name, field in Config.model_fields.items():
        section = values.get(name)
        if isinstance(field.default, Section) and isinstance(section, dict):
            try:
                values[name] = field.default.with_new_names(section)
            except ValueError as error:
                raise ConfigError(f"{name}: {error}") from None


def _split(override: str) -> tuple[str, str]:
    """Return the key and the text of the value of an override."""
    if CONTROL.search(override):
        raise ConfigError(f"{shown(override)} is not plain text: leave out what cannot be printed")
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"{shown(override)} is not an override: write key=value, for example tasks.num_features=8")
    return key.strip(), text.strip()


def _with_new_names(overrides: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    keys = {key for key, _ in overrides}
    for key, text in overrides:
        new = _new_name(key)
        if new != key:
            if new in keys:
                raise ConfigError(f"{key} is the old name of {new}, and both are set: leave out {key}")
            warn_renamed(key, new)
        yield new, text


def _new_name(key: str) -> str:
    """Return the new name of a key such as ``mutation.attempts``; a key that has not changed as it is."""
    *path, last = key.split(".")
    section: type[Section] = Config
    for name in path:
        field = section.model_fields.get(name)
        if field is None or not isinstance(field.default, Section):
            return key
        section = type(field.default)
    return ".".join([*path, section.renamed.get(last, last)])


def _apply(values: dict[str, Any], key: str, text: str) -> None:
    *sections, last = key.split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{shown(section)} in {shown(f'{key}={text}')} is a value, not a section")
    values[last] = _parse_value(text)


def _parse_value(text: str) -> Any:
    """Parse a TOML value; any other text is a string, so that quotes may be left out. ``none`` unsets a limit."""
    if text.lower() == "none":
        return None
    try:
        return _parse(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
