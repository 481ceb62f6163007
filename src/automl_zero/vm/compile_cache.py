"""Compiled code on disk, in files that are verified before use and replaced if they are damaged.

A file holds one version of one function: a title line, a checksum of what follows, and the pickled key and code. Numba
would unpickle and link whatever it finds, and damaged code ends the process, so the checksum is verified first. The
checksum protects against accidents. Against attacks, a file is read only if it belongs to this user or to root, nobody
else may write to it, and the same holds for its folder (``system.ownership``).
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
from automl_zero.vm.compile_lock import warn_unusable

TITLE = b"automl-zero compiled code 1\n"
DIGEST_BYTES = 32
MAX_BYTES = 2**28  # of a file that are read; the largest file has 2 MB
MODE = 0o644  # of a file, whatever the umask: a file that others may write to is not read


class CompiledCode(NullCache):  # type: ignore[misc]  # it has no types
    """The versions of one function on disk, with the interface that Numba's dispatchers use."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self.folder, self._function = folder, function
        name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}"
        self._name = name.replace("<", "").replace(">", "")  # "<locals>" is not a possible file name everywhere

    @cached_property
    def _identity(self) -> tuple[Any, ...]:
        """Return what identifies the function: its source file, line, code, and the values of its closure."""
        code, closure = self._function.__code__, self._function.__closure__ or ()
        values = dumps(tuple(cell.cell_contents for cell in closure))
        source = hash_of_files([Path(code.co_filename)], "")
        return (source, code.co_firstlineno, _digest(code.co_code), _digest(values))

    @property
    def cache_path(self) -> str:
        """The folder."""
        return str(self.folder)

    def has(self, signature: Any, target: Any) -> bool:
        """Return whether there is a file for a version, which may be damaged."""
        return os.path.exists(self._path(self._key_of(signature, target.codegen())))

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return a version, ready to be called; None if there is no file or the file is not valid."""
        target.refresh()
        key = self._key_of(signature, target.codegen())
        kept = _unpickled(self._path(key), key)
        return None if kept is None else CompileResult._rebuild(target, *kept)

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Write a version to its file, if that is possible."""
        if compiled.library.has_dynamic_globals:  # addresses in memory, which differ in another process
            return
        key = self._key_of(signature, compiled.codegen)
        payload = dumps((key, compiled._reduce()))
        try:
            make_private(self.folder)
            write_checked(self._path(key), payload)
        except OSError as error:
            warn_unusable(self.folder, error)

    def _key_of(self, signature: Any, codegen: Any) -> tuple[Any, ...]:
        return (signature, codegen.magic_tuple(), *self._identity)

    def _path(self, key: tuple[Any, ...]) -> Path:
        return self.folder / f"{self._name}-{_digest(str(key).encode()).hex()[:16]}.nbc"


def write_checked(path: Path, payload: bytes) -> None:
    """Write a file for ``read_checked``, completely or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    with replacing(path) as file:
        if os.chmod in os.supports_fd:
            os.chmod(file.fileno(), MODE)
        file.write(_head(payload) + payload)


def read_checked(path: Path) -> bytes | None:
    """Return the payload of a file; if it is damaged or another user may have written it, remove it and return None."""
    try:
        with open_regular(path, within=path.parent) as file:
            content = file.read(MAX_BYTES) if is_trusted(os.fstat(file.fileno())) else b""
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
        kept_key, kept = pickle.loads(payload)  # noqa: S301 (checked: this user's or root's, and not damaged)
    except Exception:  # not damaged, but pickled by other versions of the libraries
        _remove(path)
        return None
    return kept if kept_key == key else None


def _remove(path: Path) -> None:
    with suppress(OSError):  # the file is never read, and the next version replaces it
        path.unlink()


def _head(payload: bytes) -> bytes:
    return TITLE + _digest(payload)


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=DIGEST_BYTES).digest()
