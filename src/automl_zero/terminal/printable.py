"""Text that is safe to print: characters that control a terminal, or cannot be encoded, become a visible mark.

All printed text passes through here; this is the only module that decides which characters are unsafe.
"""

from __future__ import annotations

import re

MARK = "\ufffd"  # replaces one character each, so that columns keep their widths
# All control characters but line feed and tab; halves of surrogate pairs, which stand for bytes of a file name that is
# not UTF-8; and marks that reverse the direction of text, which could make a line read as another one.
COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return the text with a mark in place of each character that controls a terminal.

    Example:
        >>> printable("a\x1b[2Jb")
        'a�[2Jb'
    """
    return COMMANDS.sub(MARK, text)
