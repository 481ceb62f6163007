"""Compiled code on disk: files that are checked before anything in them is believed, and made anew if need be.

A file holds one version of one function: a title line, a checksum of what follows, and the pickled key and code. Numba
would unpickle and link whatever it finds, and damaged code ends the process, so that none of it may be touched before
the checksum is known to be right. The checksum is against accidents. Against others, a file is read only if it belongs
to this user or to root and nobody else may write it, and is in a folder of which ``folders`` says the same.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from automl_zero.system.atomic_write import replacing
from automl_zero.system.cache_dir import hash_of_files, make_private
from automl_zero.system.ownership import is_trusted
from automl_zero.system.safe_files import open_regular
from automl_zero.vm.compile_lock import tell_unusable

TITLE = b"automl-zero compiled code 1\n"
DIGEST_BYTES = 32
MOST_BYTES = 2**28  # that are read of a file; the largest has 2 MB
MODE = 0o644  # of a file, whatever the umask: what others may write is not read


class CompiledCode(NullCache):  # type: ignore[misc]  # it has no types
    """The kept versions of one function, as Numba's dispatchers ask for them."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self.folder, self._function = folder, function
        name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}"
        self._name = name.replace("<", "").replace(">", "")  # which not every system allows in names of files

    @cached_property
    def _identity(self) -> tuple[Any, ...]:
        """What the function is, beside its types: its place in its source, its code, and the values around it."""
        code, closure = self._function.__code__, self._function.__closure__ or ()
        values = dumps(tuple(cell.cell_contents for cell in closure))
        source = hash_of_files([Path(code.co_filename)], "")
        return (source, code.co_firstlineno, _digest(code.co_code), _digest(values))

    @property
    def cache_path(self) -> str:
        """The folder."""
        return str(self.folder)

    def has(self, signature: Any, target: Any) -> bool:
        """Whether a version is kept; it may be damaged."""
        return os.path.exists(self._path(self._key_of(signature, target.codegen())))

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The kept version, ready to be called; None if it is not there or cannot be believed."""
        target.refresh()
        key = self._key_of(signature, target.codegen())
        kept = _unpickled(self._path(key), key)
        return None if kept is None else CompileResult._rebuild(target, *kept)

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep a version, if that is possible."""
        if compiled.library.has_dynamic_globals:  # addresses, which the next process has elsewhere
            return
        key = self._key_of(signature, compiled.codegen)
        payload = dumps((key, compiled._reduce()))
        try:
            make_private(self.folder)
            write_checked(self._path(key), payload)
        except OSError as error:
            tell_unusable(self.folder, error)

    def _key_of(self, signature: Any, codegen: Any) -> tuple[Any, ...]:
        return (signature, codegen.magic_tuple(), *self._identity)

    def _path(self, key: tuple[Any, ...]) -> Path:
        return self.folder / f"{self._name}-{_digest(str(key).encode()).hex()[:16]}.nbc"


def write_checked(path: Path, payload: bytes) -> None:
    """Write a file for ``read_checked``, whole.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(path) as file:
        if os.chmod in os.supports_fd:
            os.chmod(file.fileno(), MODE)
        file.write(_head(payload) + payload)


def read_checked(path: Path) -> bytes | None:
    """What was written to a file; None, and it is removed, if it is not that any more or may be somebody else's."""
    try:
        with open_regular(path, within=path.parent) as file:
            content = file.read(MOST_BYTES) if is_trusted(os.fstat(file.fileno())) else b""
    except FileNotFoundError:
        return None
    except OSError:
        content = b""
    payload = content[len(TITLE) + DIGEST_BYTES :]
    if content[: len(TITLE) + DIGEST_BYTES] == _head(payload):
        return payload
    _remove(path)
    return None


def _unpickled(path: Path, key: tuple[Any, ...]) -> Any:
    payload = read_checked(path)
    if payload is None:
        return None
    try:
        kept_key, kept = pickle.loads(payload)  # noqa: S301 (it is this user's or root's, and whole)
    except Exception:  # whole, but of libraries that are not those of today
        _remove(path)
        return None
    return kept if kept_key == key else None


def _remove(path: Path) -> None:
    with suppress(OSError):  # it stays unread, and what is written next replaces it
        path.unlink()


def _head(payload: bytes) -> bytes:
    return TITLE + _digest(payload)


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=DIGEST_BYTES).digest()
