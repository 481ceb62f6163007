from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color
from rich.console import Console
from rich.style import Style

from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.text import to_text
from automl_zero.run.console.highlight import COLOURS, changes, coloured, coloured_report, marked

MIN_CONTRAST = 4.0


def parts(line: str) -> list[tuple[str, str]]:
    names = {style: name for name, style in COLOURS.items()}
    return [(line[span.start : span.end], names[str(span.style)]) for span in coloured(line).spans]


def printed(text: str, environment: dict[str, str]) -> str:
    output = StringIO()
    console = Console(file=output, force_terminal=True, _environ={"TERM": "xterm-256color", **environment})
    console.print(coloured(text), soft_wrap=True)
    return output.getvalue()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("def Setup():", [("def Setup", "header")]),
        ("  s1 = dot(v1, v0)", [("s1", "scalar"), ("dot", "op"), ("v1", "vector"), ("v0", "vector")]),
        ("  m1 = outer(v1, v0)", [("m1", "matrix"), ("outer", "op"), ("v1", "vector"), ("v0", "vector")]),
        ("  s2 = -1.5e-07", [("s2", "scalar"), ("-1.5e-07", "number")]),
        ("  s2 = inf", [("s2", "scalar"), ("inf", "number")]),
        ("# 3 more lines, s1", [("# 3 more lines, s1", "comment")]),
    ],
)
def test_each_part_of_a_line_has_its_colour(line: str, found: list[tuple[str, str]]) -> None:
    assert parts(line) == found


@pytest.mark.parametrize("name", LIBRARY)
def test_the_addresses_of_a_program_are_all_found(name: str) -> None:
    program = library_program(name)
    found = [part for line in to_text(program).splitlines() for part in parts(line)]
    kinds = ("scalar", "vector", "matrix")
    assert sum(role in kinds for _, role in found) == sum(len(each.operands()) for each in program.instructions())


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.text("svm0 .-defS():#\n"))
def test_no_text_is_changed(any_text: str, like_a_program: str) -> None:
    assert coloured(any_text).plain == any_text
    assert coloured_report(like_a_program).plain == like_a_program


@pytest.mark.parametrize("style", [each for each in COLOURS.values() if "color(" in each])
def test_colours_can_be_read_on_black_and_on_white(style: str) -> None:
    colour = Style.parse(style).color
    assert colour is not None
    light = luminance(colour)
    assert min((light + 0.05) / 0.05, 1.05 / (light + 0.05)) >= MIN_CONTRAST


def luminance(colour: Color) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour.get_truecolor())
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_without_colours_there_are_none() -> None:
    assert "38;5;" in printed("  s1 = dot(v1, v0)", {})
    assert printed("  s1 = dot(v1, v0)", {"NO_COLOR": "1"}) == "  s1 = dot(v1, v0)\n"


def test_in_a_report_only_the_program_is_coloured() -> None:
    text = coloured_report("run s1\n\ndef Setup():\n  s2 = 0.5\ndef Learn():\n\nscore of s1\n  evolved 0.5")
    assert [text.plain[span.start : span.end] for span in text.spans] == ["def Setup", "s2", "0.5", "def Learn"]


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        ("abc", "abc", (frozenset(), 0)),
        ("abc", "axbc", (frozenset({1}), 0)),
        ("abc", "xc", (frozenset({0}), 2)),
        ("", "ab", (frozenset({0, 1}), 0)),
    ],
)
def test_new_lines_are_found_and_lost_ones_counted(before: str, now: str, found: tuple[frozenset[int], int]) -> None:
    assert changes(before, now) == found


def test_a_new_line_has_a_sign_in_its_margin() -> None:
    assert marked("  s2 = 0.5", is_new=True).plain == "+ s2 = 0.5"
    assert marked("  s2 = 0.5", is_new=False).plain == "  s2 = 0.5"
    assert marked("def Learn():", is_new=True).plain == "def Learn():"
