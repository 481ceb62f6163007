"""Where the package keeps what it can make or fetch again, and under which name: that of the sources it came from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

CACHE_VARIABLE = "AUTOML_ZERO_CACHE_DIR"
PACKAGE = Path(__file__).parent


def cache_root() -> Path:
    """The folder of everything kept; it need not exist."""
    from platformdirs import user_cache_path

    return Path(os.environ.get(CACHE_VARIABLE) or user_cache_path("automl-zero"))


def hash_of_files(files: Iterable[Path], also: str) -> str:
    """Hash of the contents of some files, in the order of their paths, and of a text."""
    digest = hashlib.sha256(also.encode())
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
