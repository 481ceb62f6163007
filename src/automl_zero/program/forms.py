"""Every form that a line of program text can have, and which of them a given line has.

A form asks for one thing at each position: a certain word, a number, or an address of a certain kind. A line is read by
dropping, word by word, the forms that ask for something else; where none is left, what the last ones asked for is what
the error can say was expected.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from automl_zero.program.lexer import END_OF_LINE, Line, ParseError, Word, quote
from automl_zero.program.ops import OPS, Op
from automl_zero.program.program import COMPONENTS

FUNCTIONS = tuple(component.capitalize() for component in COMPONENTS)
EMPTY_BODY = "pass"

_MOST_EXPECTED = 6  # a longer list of possibilities tells less than none
_LONGEST = 40  # words of a line that are looked at to explain an error


@dataclass(frozen=True)
class Form:
    """A form of a line.

    Attributes:
        says: an op, the name of the function that begins here, or ``pass``.
        words: the form in words; a slot for an operand is a word in braces, such as ``{in1}``.
        asks: what is asked for at each position, the end of the line included.
        shown: how messages call the form, such as ``s = dot(v, v)``.
    """

    says: Op | str
    words: tuple[str, ...]
    asks: tuple[str, ...]
    shown: str


def read(line: Line) -> tuple[Op | str, dict[str, Word]]:
    """Find out which form a line has.

    Returns:
        What the form says (see ``Form``), and the word in each of its slots, by name.

    Raises:
        ParseError: no form fits.
    """
    words: list[Word] = []
    forms: Sequence[Form] = FORMS
    for position, word in enumerate(line.words()):
        fitting = [form for form in forms if form.asks[position] in word.fits]
        if not fitting:
            raise _misfit(line, word, {form.asks[position] for form in forms})
        words.append(word)
        forms = fitting
    in_order = zip(forms[0].words, words, strict=False)
    return forms[0].says, {slot.strip("{}"): word for slot, word in in_order if slot.startswith("{")}


def _form_of_op(op: Op) -> Form:
    operands = dict(zip(("in1", "in2"), op.inputs, strict=False)) | ({} if op.output is None else {"out": op.output})
    asks = {name: f"a {kind.name.lower()}" for name, kind in operands.items()} | dict.fromkeys(op.constants, "a number")
    shown = {name: kind.prefix for name, kind in operands.items()} | {name: name for name in op.constants}
    return _form(op, op.form, asks, op.form.format_map(shown))


def _form(says: Op | str, text: str, asks: dict[str, str], shown: str) -> Form:
    words = tuple(re.findall(r"\{\w+\}|\w+(?:\.\w+)?|\S", text))
    in_slots = {f"{{{name}}}": asked for name, asked in asks.items()}
    return Form(says, words, (*(in_slots.get(word, quote(word)) for word in words), END_OF_LINE), shown)


def _telling_words(forms: Sequence[Form]) -> dict[str, list[str]]:
    """The words by which a reader knows what a line is meant to be, each with its forms as they are shown."""
    telling: dict[str, list[str]] = {}
    for form in forms:
        for word in dict.fromkeys(form.words):
            if re.fullmatch(r"[A-Za-z]\w+|[-+*/]", word):
                telling.setdefault(word, []).append(form.shown)
    return telling


FORMS: tuple[Form, ...] = (
    *map(_form_of_op, OPS),
    *(_form(name, f"def {name}():", {}, f"def {name}():") for name in FUNCTIONS),
    _form(EMPTY_BODY, EMPTY_BODY, {}, EMPTY_BODY),
)
_TELLING = _telling_words(FORMS)


def _misfit(line: Line, found: Word, expected: set[str]) -> ParseError:
    """The error for a line of which no form is left at the word ``found``."""
    is_unknown = found.role == "name" and found.text not in _TELLING
    if len(expected) <= _MOST_EXPECTED:
        problem = f"expected {_either(expected)}, found {found}"
    else:
        before = quote(line.text[: found.column - 1].strip())
        problem = f"unknown op {found}" if is_unknown else f"{found} cannot follow {before}"
    return line.error(found.column, problem, _remedy(line, _similar(found.text) if is_unknown else None, expected))


def _remedy(line: Line, guess: str | None, expected: set[str]) -> str:
    meant = guess or next((word for word in _readable_words(line) if word in _TELLING), None)
    if meant is None:
        return f"expected {_either(expected)}" if len(expected) > _MOST_EXPECTED else ""
    question = f"did you mean '{guess}'? " if guess else ""
    return f"{question}'{meant}' is written: {' | '.join(_TELLING[meant])}"


def _readable_words(line: Line) -> Iterator[str]:
    """The first words of a line, as far as they can be read at all."""
    with suppress(ParseError):
        for word in islice(line.words(), _LONGEST):
            yield word.text


def _similar(name: str) -> str | None:
    """The known word that a name looks like: one that it abbreviates, or else one with a small difference."""
    lower, known = name[:_LONGEST].lower(), {word.lower(): word for word in _TELLING}
    longer = [word for word in known if word.startswith(lower) and len(lower) > 2]
    similar = longer or difflib.get_close_matches(lower, known, n=1)
    return known[similar[0]] if similar else None


def _either(things: set[str]) -> str:
    *most, last = sorted(things, key=lambda thing: (thing.startswith("'"), thing))
    return f"{', '.join(most)} or {last}" if most else last
