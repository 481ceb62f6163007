"""Text as a terminal may show it: what commands a terminal, or cannot be encoded, is replaced by a visible mark.

This is the one place where it is decided what that is; whatever is printed passes through here.
"""

from __future__ import annotations

import re

MARK = "\ufffd"  # one for each character, so that columns keep their widths
# All control characters but line feed and tab, halves of surrogate pairs (a file name that is not UTF-8), and what
# turns the direction of the text around it, so that a line does not read as another one.
COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""The text with a mark in place of each character that commands a terminal.

    Example:
        >>> printable("a\x1b[2Jb")
        'a�[2Jb'
    """
    return COMMANDS.sub(MARK, text)
