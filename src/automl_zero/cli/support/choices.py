"""Choices of options that follow from a table, so that no name of a table is written twice."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any


def choice_of(name: str, values: Iterable[str]) -> Any:
    """Return an enum of the names in a table, which Typer shows and checks as the values of an option.

    Example:
        >>> list(choice_of("DtypeName", ("float32", "float64")))
        [<DtypeName.float32: 'float32'>, <DtypeName.float64: 'float64'>]
    """
    return StrEnum(name, {value: value for value in values})
