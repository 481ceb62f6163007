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

from automl_zero.atomic import replacing
from automl_zero.folders import PACKAGE, cache_root, hash_of_files, unusable
from automl_zero.run.events import Baseline

_BASELINE = TypeAdapter(Baseline)


def cached(key: Sequence[object], compute: Callable[[], Baseline]) -> Baseline:
    """What was computed for this key, now or before."""
    path = _path(key)
    if path is None:
        return compute()
    try:
        return _BASELINE.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        found = compute()
    with suppress(OSError):  # without a folder to write to, it is computed every time
        _write(path, _BASELINE.dump_json(found))
    return found


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
