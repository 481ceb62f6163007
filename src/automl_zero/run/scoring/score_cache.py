"""Scores of baselines that were computed before, as small files of JSON in the user's cache folder.

A score is a function of its key and of the sources of this package and of scikit-learn, so that a file is either right
or not there: what cannot be read is computed anew.
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

MOST = 1 << 16  # bytes of a file
_BASELINE = TypeAdapter(Baseline)


def cached(key: Sequence[object], compute: Callable[[], Baseline]) -> Baseline:
    """What was computed for this key, now or before."""
    if (before := known(key)) is not None:
        return before
    found = compute()
    if (path := _path(key)) is not None:
        with suppress(OSError):  # without a folder to write to, it is computed every time
            _write(path, _BASELINE.dump_json(found))
    return found


def known(key: Sequence[object]) -> Baseline | None:
    """What was computed for this key before; None if it cannot be read."""
    if (path := _path(key)) is None:
        return None
    try:
        return _BASELINE.validate_json(read_regular(path, MOST))
    except (OSError, ValidationError):
        return None


def _path(key: Sequence[object]) -> Path | None:
    """Where a score is kept, which only this user or root can write; None where nothing is kept."""
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
