"""Hypothesis strategies that damage bytes: what is valid is cut, filled in and overwritten at a few places."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from struct import pack
from zipfile import ZIP_STORED, ZipFile

from hypothesis import strategies as st

from automl_zero.run.checkpoint.file_format import FORMAT, TITLE, _checksum

Edit = tuple[int, int, bytes]  # where, how much is cut out, what is put there

# What breaks readers: numbers beyond all limits or that are none, deep nesting, what ends a text or a line too early.
MONSTERS = (
    b"9" * 30, b"9" * 5000, b"0x" + b"f" * 5000, b"-1", b"0", b"1e999", b"NaN", b"-Infinity", b"inf",
    b"[" * 2000, b'{"a":' * 1000, b"a." * 150, b"a." * 3000, b"x" * 20_000, b"[]", b"{}", b"#", b"=", b'"', b"'",
    b"\0", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\n", b"\r", b"\x1b[2J",
    b"null", b"none", b"true", b"1979-05-27T07:32:00", b"__class__",
)  # fmt: skip


def edits(words: Sequence[bytes], most: int = 3) -> st.SearchStrategy[list[Edit]]:
    """One to ``most`` changes; what is put in is a monster, one of these words, or a few bytes."""
    filling = st.sampled_from((b"", *MONSTERS, *words)) | st.binary(max_size=4)
    cut = st.sampled_from((0, 1, 1, 2, 8, 40, 1 << 30))
    return st.lists(st.tuples(st.integers(0, 1 << 20), cut, filling), min_size=1, max_size=most)


def damaged(content: bytes, changes: Sequence[Edit]) -> bytes:
    """The content after these changes; places are taken modulo its length."""
    for place, cut, filling in changes:
        start = place % (len(content) + 1)
        content = content[:start] + filling + content[start + cut :]
    return content


def signed(body: bytes) -> bytes:
    """A checkpoint of this body as an attacker can make it: with the right checksum."""
    title = TITLE + str(FORMAT).encode()
    return b"%b\n%b\n%b" % (title, _checksum(title, body), body)


def archive(members: dict[str, bytes], compression: int = ZIP_STORED) -> bytes:
    """A ZIP file."""
    file = BytesIO()
    with ZipFile(file, "w", compression) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return file.getvalue()


def npy(header: bytes, content: bytes = b"") -> bytes:
    """An NPY file with this header, whatever it says."""
    return b"\x93NUMPY\x01\x00" + pack("<H", len(header) + 1) + header + b"\n" + content


def npy_of(descr: str, shape: str, content: bytes = b"") -> bytes:
    """An NPY file that claims to hold an array of this type and shape."""
    return npy(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode(), content)
