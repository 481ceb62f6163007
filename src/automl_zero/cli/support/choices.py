"""Options whose values are the names in a registry."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


def choices(name: str, values: Iterable[str]) -> type[StrEnum]:
    """Make the enum by which Typer lists the values of an option and checks them.

    Example:
        >>> list(choices("EngineName", ["threads", "ray"]))
        [<EngineName.THREADS: 'threads'>, <EngineName.RAY: 'ray'>]
    """
    members = [(each.upper().replace("-", "_"), each) for each in values]
    return StrEnum(name, members)  # type: ignore[return-value]
