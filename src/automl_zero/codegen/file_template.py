"""File templates: what surrounds the component functions in an exported file, one text per language in ``templates/``.

A line ``#if FLAG ...`` begins lines that are kept if any of the flags is set, where ``a+b`` asks for both of two, and
``#end`` ends them; ``$name`` is replaced.
What follows the line ``#functions`` is a stock of small functions, of which only those in use are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from string import Template

_BETWEEN = "\n\n\n"
_STOCK = "#functions\n"


def fill(name: str, flags: frozenset[str], slots: Mapping[str, str]) -> str:
    """The template of a language with its slots filled; ``$stock`` is what it and ``$functions`` use of its stock.

    Raises:
        KeyError: the template has a slot that is not given.
    """
    text = (resources.files(__package__) / "templates" / f"{name}.txt").read_text(encoding="utf-8")
    frame, _, stock = text.partition(_STOCK)
    frame = "".join(_kept(frame, flags))
    used = _used(stock.strip("\n").split(_BETWEEN) if stock else [], frame + slots["functions"])
    filled = Template(frame).substitute(slots, stock=_BETWEEN.join(used))
    return re.sub(r"\n{4,}", _BETWEEN, filled).strip("\n") + "\n"


def _kept(text: str, flags: frozenset[str]) -> Iterator[str]:
    """The lines whose flags are set."""
    keep = True
    for line in text.splitlines(keepends=True):
        if line.startswith("#if "):
            keep = any(flags.issuperset(each.split("+")) for each in line.split()[1:])
        elif line.startswith("#end"):
            keep = True
        elif keep:
            yield line


def _used(functions: list[str], text: str) -> list[str]:
    """Those functions that the text calls, and those that they call themselves, in the order of the stock."""
    named = {re.findall(r"def (\w+)\(", function)[0]: function for function in functions}
    used: set[str] = set()
    new = _called(named, text)
    while new:
        used |= new
        new = {each for name in new for each in _called(named, named[name])} - used
    return [function for name, function in named.items() if name in used]


def _called(named: Mapping[str, str], text: str) -> set[str]:
    return {name for name in named if re.search(rf"(?<![\w.]){name}\b(?=[(,])", text)}
