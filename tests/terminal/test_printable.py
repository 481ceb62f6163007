from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from automl_zero.terminal.printable import MARK, printable


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_that_commands_a_terminal_is_left_and_no_width_changes(text: str) -> None:
    found = printable(text)
    assert len(found) == len(text)
    assert not any(unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t" for each in found)
    found.encode()


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_text_that_would_turn_the_direction_of_a_line_is_marked() -> None:
    assert printable("safe\u202egnp.exe") == f"safe{MARK}gnp.exe"
