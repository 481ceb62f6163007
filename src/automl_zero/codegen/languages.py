"""The languages that programs are exported to, one row each.

The command loads this table for its help, so a row names the module that writes the language, which takes longer to
load: ``codegen/NAME.py`` with a function ``NAME_source``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automl_zero.codegen.source import Source


@dataclass(frozen=True, slots=True)
class Language:
    """A language of exports.

    Attributes:
        name: the name of its row, of its module and of its template.
        runs: whether its text can be run, and so be compared with the reference.
    """

    name: str
    runs: bool = True

    def write(self, source: Source) -> str:
        """Return the program as text in this language."""
        return str(getattr(import_module(f"automl_zero.codegen.{self.name}"), f"{self.name}_source")(source))


LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        row.name: row
        for row in (
            Language("python"),
            Language("numpy"),
            Language("jax"),
            Language("torch"),
            Language("latex", runs=False),
        )
    }
)
