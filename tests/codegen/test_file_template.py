"""Templates: what is kept of them by flags, and which small functions they bring."""

from __future__ import annotations

from typing import Any

import pytest

from automl_zero.codegen import file_template
from automl_zero.codegen.file_template import fill

TEXT = """first $name
#if one
one
#end
#if one+two three
both
#end
$stock
$functions
#functions
def outer(a):
    return inner(a)


def inner(a):
    return a


def unused(a):
    return a
"""


@pytest.fixture
def some(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "some.txt").write_text(TEXT)
    monkeypatch.setattr(file_template.resources, "files", lambda _: tmp_path)


@pytest.mark.parametrize(
    ("flags", "kept"), [((), []), (("one",), ["one"]), (("one", "two"), ["one", "both"]), (("three",), ["both"])]
)
@pytest.mark.usefixtures("some")
def test_lines_are_kept_by_their_flags(flags: tuple[str, ...], kept: list[str]) -> None:
    lines = fill("some", frozenset(flags), {"name": "$x", "functions": "end"}).splitlines()
    assert lines == ["first $x", *kept, "", "end"]


@pytest.mark.usefixtures("some")
def test_of_the_stock_what_is_called_is_kept_and_what_that_calls() -> None:
    text = fill("some", frozenset(), {"name": "unused(1) in a name", "functions": "x = outer(1)"})
    assert "def outer" in text
    assert "def inner" in text
    assert "def unused" not in text


@pytest.mark.usefixtures("some")
def test_a_slot_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="name"):
        fill("some", frozenset(), {"functions": ""})
