"""File templates: the text around the component functions of an export, one file per language in ``templates/``.

A line ``#if FLAG ...`` starts lines that are kept if one of the flags is set, where ``a+b`` means both flags, and
``#end`` ends them; ``$name`` is a slot. The functions after the line ``#functions`` are helpers, of which an export
contains those that it uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from string import Template

_BETWEEN = "\n\n\n"
_HELPERS = "#functions\n"


def fill(name: str, flags: frozenset[str], slots: Mapping[str, str]) -> str:
    """Return the template of a language with its slots filled; ``$stock`` is filled with the helpers in use.

    Raises:
        KeyError: ``slots`` lacks a slot of the template.
    """
    text = (resources.files(__package__) / "templates" / f"{name}.txt").read_text(encoding="utf-8")
    frame, _, helpers = text.partition(_HELPERS)
    frame = "".join(_kept(frame, flags))
    used = _used(helpers.strip("\n").split(_BETWEEN) if helpers else [], frame + slots["functions"])
    filled = Template(frame).substitute(slots, stock=_BETWEEN.join(used))
    return re.sub(r"\n{4,}", _BETWEEN, filled).strip("\n") + "\n"


def _kept(text: str, flags: frozenset[str]) -> Iterator[str]:
    """Yield the lines whose flags are set."""
    keep = True
    for line in text.splitlines(keepends=True):
        if line.startswith("#if "):
            keep = any(flags.issuperset(each.split("+")) for each in line.split()[1:])
        elif line.startswith("#end"):
            keep = True
        elif keep:
            yield line


def _used(functions: list[str], text: str) -> list[str]:
    """Return the helpers that the text calls, directly or through other helpers, in the order of the template."""
    named = {re.findall(r"def (\w+)\(", function)[0]: function for function in functions}
    used: set[str] = set()
    new = _called(named, text)
    while new:
        used |= new
        new = {each for name in new for each in _called(named, named[name])} - used
    return [function for name, function in named.items() if name in used]


def _called(named: Mapping[str, str], text: str) -> set[str]:
    return {name for name in named if re.search(rf"(?<![\w.]){name}\b(?=[(,])", text)}
