"""Syntax highlighting of program text on a terminal, and marks at lines that have changed.

Each colour is about as far from black as from white, so that it is readable on both. Where a terminal has fewer
colours, or ``NO_COLOR`` is set, rich reduces or omits them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from types import MappingProxyType

from rich.text import Text

COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "header": "bold",
        "scalar": "color(31)",
        "vector": "color(28)",
        "matrix": "color(130)",
        "number": "color(98)",
        "op": "color(162)",
        "comment": "italic",
        "added": "bold color(28)",
    }
)
ADDED = "+"
_HEADER = re.compile(r"def \w+\(\):")
_PARTS = re.compile(
    r"(?P<comment>#.*)"
    r"|(?P<header>\bdef \w+)"
    r"|(?P<scalar>\bs\d+\b)|(?P<vector>\bv\d+\b)|(?P<matrix>\bm\d+\b)"
    r"|(?P<number>(?<![\w.])-?(?:\d+\.?\d*(?:e[-+]?\d+)?|inf)\b)"
    r"|(?P<op>[A-Za-z_]\w*(?:\.\w+)?(?=\())",
    re.ASCII,
)


def coloured(line: str) -> Text:
    """Highlight a line of program text."""
    text = Text(line)
    for found in _PARTS.finditer(line):
        text.stylize(COLOURS[found.lastgroup or ""], found.start(), found.end())
    return text


def coloured_report(report: str) -> Text:
    """Highlight the programs in a text: each consists of a header and the indented lines that follow."""
    lines, is_code = [], False
    for line in report.split("\n"):
        is_code = _HEADER.match(line) is not None or (is_code and line.startswith("  "))
        lines.append(coloured(line) if is_code else Text(line))
    return Text("\n").join(lines)


def marked(line: str, is_new: bool) -> Text:
    """Highlight a line of program text; a new one has a bold ``+`` in its margin."""
    if not is_new or not line.startswith(" "):
        return coloured(line)
    return Text(ADDED, style=COLOURS["added"]) + coloured(line[1:])


def changes(before: Sequence[str], now: Sequence[str]) -> tuple[frozenset[int], int]:
    """Return the indices of the lines in ``now`` that are new, and how many lines of ``before`` are gone."""
    new, gone = set[int](), 0
    for tag, start, end, first, last in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        if tag != "equal":
            new.update(range(first, last))
            gone += end - start
    return frozenset(new), gone
