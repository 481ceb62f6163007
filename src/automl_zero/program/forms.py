"""Forms of a line of program text: all that exist, and the matching of a line against them.

A form expects one thing at each position: a certain word, a number, or an address of a certain kind. A line is read
word by word; each word removes the forms that expect something else. Where no form is left, the error lists what the
last ones expected.
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

_MAX_EXPECTED = 6  # possibilities in an error; a longer list helps nobody
_LONGEST = 40  # words of a line that are read to explain an error


@dataclass(frozen=True)
class Form:
    """A form of a line.

    Attributes:
        meaning: an op, the name of the function that begins here, or ``pass``.
        words: the form in words; a slot for an operand is a word in braces, such as ``{in1}``.
        expects: what is expected at each position, the end of the line included.
        shown: the form in messages, such as ``s = dot(v, v)``.
    """

    meaning: Op | str
    words: tuple[str, ...]
    expects: tuple[str, ...]
    shown: str


def read(line: Line) -> tuple[Op | str, dict[str, Word]]:
    """Find the form of a line.

    Returns:
        The meaning of the form (see ``Form``), and the word in each of its slots, by name.

    Raises:
        ParseError: no form fits.
    """
    words: list[Word] = []
    forms: Sequence[Form] = FORMS
    for position, word in enumerate(line.words()):
        fitting = [form for form in forms if form.expects[position] in word.fits]
        if not fitting:
            raise _misfit(line, word, {form.expects[position] for form in forms})
        words.append(word)
        forms = fitting
    in_order = zip(forms[0].words, words, strict=False)
    return forms[0].meaning, {slot.strip("{}"): word for slot, word in in_order if slot.startswith("{")}


def _form_of_op(op: Op) -> Form:
    operands = dict(zip(("in1", "in2"), op.inputs, strict=False)) | ({} if op.output is None else {"out": op.output})
    expects = {name: f"a {kind.name.lower()}" for name, kind in operands.items()} | dict.fromkeys(
        op.constants, "a number"
    )
    shown = {name: kind.prefix for name, kind in operands.items()} | {name: name for name in op.constants}
    return _form(op, op.form, expects, op.form.format_map(shown))


def _form(meaning: Op | str, text: str, expects: dict[str, str], shown: str) -> Form:
    words = tuple(re.findall(r"\{\w+\}|\w+(?:\.\w+)?|\S", text))
    in_slots = {f"{{{name}}}": expected for name, expected in expects.items()}
    return Form(meaning, words, (*(in_slots.get(word, quote(word)) for word in words), END_OF_LINE), shown)


def _known_words(forms: Sequence[Form]) -> dict[str, list[str]]:
    """Return names and operators, each with the forms that have it, as messages show them."""
    known: dict[str, list[str]] = {}
    for form in forms:
        for word in dict.fromkeys(form.words):
            if re.fullmatch(r"[A-Za-z]\w+|[-+*/]", word):
                known.setdefault(word, []).append(form.shown)
    return known


FORMS: tuple[Form, ...] = (
    *map(_form_of_op, OPS),
    *(_form(name, f"def {name}():", {}, f"def {name}():") for name in FUNCTIONS),
    _form(EMPTY_BODY, EMPTY_BODY, {}, EMPTY_BODY),
)
_KNOWN_WORDS = _known_words(FORMS)


def _misfit(line: Line, found: Word, expected: set[str]) -> ParseError:
    """Return the error for a line that no form fits from the word ``found`` on."""
    is_unknown = found.role == "name" and found.text not in _KNOWN_WORDS
    if len(expected) <= _MAX_EXPECTED:
        problem = f"expected {_either(expected)}, found {found}"
    else:
        before = quote(line.text[: found.column - 1].strip())
        problem = f"unknown op {found}" if is_unknown else f"{found} cannot follow {before}"
    return line.error(found.column, problem, _remedy(line, _similar(found.text) if is_unknown else None, expected))


def _remedy(line: Line, guess: str | None, expected: set[str]) -> str:
    meant = guess or next((word for word in _readable_words(line) if word in _KNOWN_WORDS), None)
    if meant is None:
        return f"expected {_either(expected)}" if len(expected) > _MAX_EXPECTED else ""
    question = f"did you mean '{guess}'? " if guess else ""
    return f"{question}'{meant}' is written: {' | '.join(_KNOWN_WORDS[meant])}"


def _readable_words(line: Line) -> Iterator[str]:
    """Yield the first words of a line, up to a character that cannot be read."""
    with suppress(ParseError):
        for word in islice(line.words(), _LONGEST):
            yield word.text


def _similar(name: str) -> str | None:
    """Return the known word that a name abbreviates, or else one that differs little from it."""
    lower, known = name[:_LONGEST].lower(), {word.lower(): word for word in _KNOWN_WORDS}
    longer = [word for word in known if word.startswith(lower) and len(lower) > 2]
    similar = longer or difflib.get_close_matches(lower, known, n=1)
    return known[similar[0]] if similar else None


def _either(things: set[str]) -> str:
    *most, last = sorted(things, key=lambda thing: (thing.startswith("'"), thing))
    return f"{', '.join(most)} or {last}" if most else last
