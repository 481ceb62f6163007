"""How commands print differences between programs: removed lines in red, added ones in green."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

    from automl_zero.analysis.readable.diff import DiffLine


def marked_lines(lines: Sequence[DiffLine]) -> Text:
    """Return the lines as text, each with its mark in front and its reason as a comment."""
    from rich.text import Text

    from automl_zero.analysis.readable.diff import Mark

    styles = {Mark.KEPT: "not bold", Mark.REMOVED: "not bold red", Mark.ADDED: "not bold green"}
    width = max((len(each.text) for each in lines), default=0)
    text = Text()
    for each in lines:
        why = f"{'':{width - len(each.text)}}  # {each.why}" if each.why else ""
        text.append(f"\n{each.mark} {each.text}", styles[each.mark]).append(why, "not bold dim")
    return text[1:]
