"""Write the reference of config keys: ``python scripts/reference/config_keys.py`` updates ``docs/configuration.md``.

Keys, values, defaults and texts come from the sections of the config, so the page cannot differ from the code; a test
compares them.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from textwrap import fill
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from automl_zero.config import Config
from automl_zero.config.sections import MAX_INT, Section

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
BEGIN, END = "<!-- written by scripts/reference/config_keys.py -->\n", "<!-- end -->\n"
WIDTH = 120


def page(text: str) -> str:
    """Return the page with a current reference between its two marks."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}{reference()}{END}{rest.partition(END)[2]}"


def reference() -> str:
    """Return the reference: one heading, text and table for each section of a config."""
    top = {name: field for name, field in Config.model_fields.items() if not _is_section(field.default)}
    sections = {name: field.default for name, field in Config.model_fields.items() if _is_section(field.default)}
    parts = ["### Top level\n\n" + _table("", top)]
    parts += [
        f"### `{name}`\n\n{_text(type(each))}\n\n{_table(name, _flat(type(each)))}" for name, each in sections.items()
    ]
    return "\n\n".join(parts) + "\n"


def _is_section(value: Any) -> bool:
    return isinstance(value, Section)


def _flat(section: type[Section]) -> Mapping[str, FieldInfo]:
    """Return the fields of a section, those of sections in it under dotted names."""
    found: dict[str, FieldInfo] = {}
    for name, field in section.model_fields.items():
        inner = _flat(type(field.default)) if _is_section(field.default) else None
        found |= {f"{name}.{key}": each for key, each in inner.items()} if inner else {name: field}
    return found


def _text(section: type[Section]) -> str:
    paragraphs = inspect.cleandoc(section.__doc__ or "").replace("``", "`").split("\n\n")
    return "\n\n".join(fill(" ".join(each.split()), WIDTH, break_long_words=False) for each in paragraphs)


def _table(section: str, fields: Mapping[str, FieldInfo]) -> str:
    rows = [
        f"| `{section and section + '.'}{name}` | {_values(field)} | {_default(field)} |"
        for name, field in fields.items()
    ]
    return "\n".join(["| key | values | default |", "|---|---|---|", *rows])


def _values(field: FieldInfo) -> str:
    """Describe the values that a key may have."""
    kind: Any = field.annotation
    metadata, unset = list(field.metadata), ""
    if NoneType in get_args(kind):
        kind, unset = next(each for each in get_args(kind) if each is not NoneType), ", or `none`"
    while hasattr(kind, "__metadata__"):  # an alias such as ``Count``
        metadata += [limit for each in kind.__metadata__ for limit in getattr(each, "metadata", [each])]
        kind = kind.__origin__
    return f"{_kind(kind)}{_range(metadata)}{unset}"


def _kind(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(f"`{each}`" for each in kind)
    if get_origin(kind) is tuple:
        return "list"
    if get_origin(kind) is dict:
        return "table of numbers"
    return {int: "integer", float: "number", str: "text", bool: "`true`, `false`"}.get(kind, "table")


def _range(metadata: list[Any]) -> str:
    limits = {
        name: getattr(each, name) for each in metadata for name in ("ge", "gt", "le", "lt") if hasattr(each, name)
    }
    words = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    shown = {name: limit for name, limit in limits.items() if limit not in (MAX_INT, MAX_INT + 1)}
    return "".join(f" {words[name]} {limit:,}" for name, limit in shown.items())


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None:
        return "unset"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(_item, value))}]`" if len(value) <= 12 else f"{len(value)} entries"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`" if value != "" else "empty"


def _item(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {PAGE}")
