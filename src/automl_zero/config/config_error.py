"""The error of an invalid config, with messages that name the key, its value and what is possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from automl_zero.errors import AutoMLZeroError

SHOWN = 200  # characters of an invalid value that a message contains


class ConfigError(AutoMLZeroError, ValueError):
    """Raised for an invalid config; the message names the key, the value and what is possible."""


def shown(value: Any) -> str:
    """Return the ``repr`` of a value, cut off where it is long; only the type if it has none that can be computed."""
    try:
        return short(repr(value))
    except (ValueError, RecursionError):
        return f"of type {type(value).__name__}, too large to be shown"


def short(text: str) -> str:
    """Return the text, cut off where it is long."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def explain(error: ValidationError, root: type[BaseModel]) -> Iterator[str]:
    """Yield a message for each fault in the values of a ``root`` section."""
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "config"
        if problem["type"] == "extra_forbidden":
            yield f"unknown key {short(key)} = {shown(problem['input'])}: {_hint(root, problem['loc'])}"
        elif problem["type"] == "value_error":
            yield f"{key}: {problem['ctx']['error']}" if problem["loc"] else str(problem["ctx"]["error"])
        else:
            message = problem["msg"]
            yield f"{short(key)} = {shown(problem['input'])}: {message[0].lower()}{message[1:]}"


def _hint(root: type[BaseModel], location: tuple[int | str, ...]) -> str:
    """Return a hint about an unknown key: the closest key of its section, or all of them."""
    *sections, key = location
    known = list(_section_at(root, sections).model_fields)
    if sections[:2] == ["islands", "groups"] and key in _section_at(root, sections[3:]).model_fields:
        return f"all islands share it, and keys that may differ are {', '.join(known)}"
    near = get_close_matches(str(key), known, n=1)
    return f"did you mean {near[0]}?" if near else f"known keys are {', '.join(known)}"


def _section_at(root: type[BaseModel], location: Sequence[int | str]) -> Any:
    """Return the section at a location in a config; numbers in it are indices into a list of sections."""
    section: Any = root
    for part in location:
        if isinstance(part, str):
            annotation = section.model_fields[part].annotation
            section = next(iter(get_args(annotation)), annotation)  # unwraps an optional section, or a list of sections
    return section
