"""Words of a line of program text, and the error that points at one of them.

Words are read one at a time, when the parser needs them, so that the leftmost error of a line is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from automl_zero.program.ops import Kind
from automl_zero.program.program import MAX_ADDRESSES, ProgramError

END_OF_LINE = "the end of the line"

_WORD = re.compile(
    r"(?P<space>[ \t]+)"
    r"|(?P<number>[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|(?:inf|nan)\b))"
    r"|(?P<address>[A-Za-z][0-9]+\b)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>[-+*/=(),:\[\]])",
    re.ASCII,
)
_SIGNS = "+ - * / = ( ) [ ] , :"
_ADDRESS = re.compile(r"[svm](?:0|[1-9][0-9]{0,3})")
_KIND_OF_PREFIX = {kind.prefix: kind.name.lower() for kind in Kind}
_ADDRESSES = ", ".join(f"{prefix}0 to {prefix}{MAX_ADDRESSES - 1}" for prefix in _KIND_OF_PREFIX)
_QUOTED, _BEFORE_CARET, _AFTER_CARET = 30, 60, 40  # characters of a long word or line that are shown


@dataclass(eq=False)
class ParseError(ProgramError):
    """Raised for text that is not a program.

    Attributes:
        problem: what is wrong, without the position.
        line: 1-based line of the offending word.
        column: 1-based column where it begins.
        excerpt: the line, with a caret below that column.
        remedy: what to write instead; may be empty.
    """

    problem: str
    line: int
    column: int
    excerpt: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: {self.problem}"
        return "\n".join(part for part in (place, self.excerpt, self.remedy) if part)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line.

    Attributes:
        text: as written; empty at the end of the line.
        column: 1-based column where it begins.
        role: ``scalar``, ``vector`` or ``matrix`` for an address; else ``number``, ``name``, ``sign`` or ``end``.
    """

    text: str
    column: int
    role: str

    @property
    def fits(self) -> tuple[str, ...]:
        """Everything that a form can expect and this word satisfies."""
        return (quote(self.text), f"a {self.role}") if self.text else (END_OF_LINE,)

    def __str__(self) -> str:
        if self.role in ("name", "sign"):
            return quote(self.text)
        return f"the {self.role} {quote(self.text)}" if self.text else END_OF_LINE


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and its 1-based number."""

    number: int
    text: str

    def words(self) -> Iterator[Word]:
        """Yield the words up to a comment, then the end of the line.

        Raises:
            ParseError: a character or an address is not possible; raised when it is reached.
        """
        code, position = self.text.partition("#")[0].rstrip(" \t"), 0
        while position < len(code):
            found = _WORD.match(code, position)
            if found is None:
                problem = f"unexpected character {code[position]!r}"
                raise self.error(position + 1, problem, f"the signs of program text are {_SIGNS}")
            if found.lastgroup != "space":
                yield self._word(found)
            position = found.end()
        yield Word("", position + 1, "end")

    @property
    def start(self) -> int:
        """1-based column of the first word."""
        return len(self.text) - len(self.text.lstrip(" \t")) + 1

    def error(self, column: int, problem: str, remedy: str = "") -> ParseError:
        """Return an error at a column of this line."""
        start = max(0, column - 1 - _BEFORE_CARET)
        shown = "".join(c if c.isprintable() else " " for c in self.text[start : column + _AFTER_CARET]).rstrip()
        excerpt = f"    {shown}\n    {' ' * (column - 1 - start)}^" if shown else ""
        return ParseError(problem, self.number, column, excerpt, remedy)

    def _word(self, found: re.Match[str]) -> Word:
        text, column, role = found[0], found.start() + 1, found.lastgroup or ""
        if role == "address" and not _is_address(text):
            raise self.error(column, f"{quote(text)} is not an address", f"addresses are {_ADDRESSES}")
        return Word(text, column, _KIND_OF_PREFIX[text[0]] if role == "address" else role)


def quote(text: str) -> str:
    """Return the text in quotes; long text is cut."""
    return f"'{text}'" if len(text) <= _QUOTED else f"'{text[:_QUOTED]}...'"


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None and int(text[1:]) < MAX_ADDRESSES
