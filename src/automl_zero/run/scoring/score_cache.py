"""The cache of the scores of baselines: small JSON files in the user's cache folder.

A score is a function of its key, the sources of this package and the version of scikit-learn, which are hashed into the
name of its file. What cannot be read is computed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from automl_zero.run.record.events import Baseline
from automl_zero.system.atomic_write import replacing
from automl_zero.system.cache_dir import PACKAGE, cache_root, hash_of_files, unusable
from automl_zero.system.safe_files import read_regular

MAX_BYTES = 1 << 16  # bytes of a file
_BASELINE = TypeAdapter(Baseline)


def cached(key: Sequence[object], compute: Callable[[], Baseline]) -> Baseline:
    """Return the cached scores for this key; if there are none, compute and cache them."""
    if (before := read_cached(key)) is not None:
        return before
    found = compute()
    if (path := _path(key)) is not None:
        with suppress(OSError):  # where the folder is not writable, scores are computed every time
            _write(path, _BASELINE.dump_json(found))
    return found


def read_cached(key: Sequence[object]) -> Baseline | None:
    """Return the cached scores for this key; None if there are none that can be read."""
    if (path := _path(key)) is None:
        return None
    try:
        return _BASELINE.validate_json(read_regular(path, MAX_BYTES))
    except (OSError, ValidationError):
        return None


def _path(key: Sequence[object]) -> Path | None:
    """Return the file for a key; None if the cache is off, or if users other than this one and root can write it."""
    root = cache_root()
    if root is None or unusable(root / "baselines"):
        return None
    name = hashlib.sha256(repr((_sources(), *key)).encode()).hexdigest()
    return root / "baselines" / f"{name}.json"


@cache
def _sources() -> str:
    from sklearn import __version__ as sklearn_version

    return hash_of_files(PACKAGE.rglob("*.py"), sklearn_version)


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as file:
        file.write(content)
