"""The cache folder, for everything that the package can compute or download again.

A folder that other users could write to is neither written to nor read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from automl_zero.system.machine_warning import warn_once
from automl_zero.system.ownership import HAS_OWNERS, why_untrusted

CACHE_VARIABLE = "AUTOML_ZERO_CACHE_DIR"
PACKAGE = Path(__file__).parents[1]
REMEDY = f"{CACHE_VARIABLE} names another folder"


def cache_root() -> Path | None:
    """Return the folder that contains all caches; None if there is none.

    It is the one that ``AUTOML_ZERO_CACHE_DIR`` names, or that of the user's caches. If it cannot be used, a warning
    says why, and another one is used: that of the user's caches, or one in the folder of temporary files. Each folder
    in it must be checked by ``unusable`` before it is used.
    """
    faults = []
    for folder in _candidates():
        fault = "there is no home folder" if folder is None else unusable(folder, is_passed=True)
        if folder is not None and fault is None:
            break
        faults.append(f"nothing is cached in {folder or 'the cache folder of the user'}: {fault}")
    else:
        folder = None
    if faults:
        instead = f"{folder} is used instead" if folder else "everything is computed again at every start"
        warn_once(faults[0], f"{faults[0]}; {instead}; {REMEDY}")
    return folder


def user_folder() -> Path | None:
    """Return the folder of the user's caches, which need not exist; None if the user has no home folder."""
    from platformdirs import user_cache_path

    try:
        folder = user_cache_path("automl-zero")
    except RuntimeError:
        return None
    return (
        folder if folder.is_absolute() else None
    )  # a relative path would be below the current folder, which may be that of another user


def unusable(folder: Path, *, is_passed: bool = False) -> str | None:
    """Return why a folder cannot be used; None if it can. A missing one is made, so that only this user can open it.

    Only this user and root may write there. A folder that merely contains the one in use (``is_passed``) may be shared
    with its sticky bit set, as ``/tmp`` is.
    """
    if fault := why_untrusted(folder, is_passed=is_passed):
        return fault
    try:
        make_private(folder)
        os.scandir(folder).close()
    except OSError as error:
        return f"it cannot be {'read' if os.path.isdir(folder) else 'made'} ({error.strerror})"
    return why_untrusted(folder, is_passed=is_passed)


def make_private(folder: Path) -> None:
    """Make a folder and its missing parents, which nobody else can open.

    Raises:
        OSError: one of them cannot be made.
    """
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)


def hash_of_files(files: Iterable[Path], also: str) -> str:
    """Return a hash of the contents of files, in the order of their paths, and of a text."""
    digest = hashlib.sha256(also.encode())
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _candidates() -> list[Path | None]:
    """Return the possible cache folders, in the order of preference; None stands for a missing home folder."""
    named = os.environ.get(CACHE_VARIABLE)
    places = [Path(named).absolute()] if named else []
    temporary = Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 (the folder in it is private, and checked)
    own = [temporary / f"automl-zero-{os.geteuid()}"] if HAS_OWNERS and temporary.is_absolute() else []
    return [*places, user_folder(), *own]
