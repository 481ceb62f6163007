"""Where the package keeps what it can make or fetch again, and under which name: that of the sources it came from.

Nothing is kept in a folder that others could write to, nor believed that is found there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from automl_zero.system.machine_warning import warn_once
from automl_zero.system.ownership import HAS_OWNERS, folder_fault

CACHE_VARIABLE = "AUTOML_ZERO_CACHE_DIR"
PACKAGE = Path(__file__).parents[1]
REMEDY = f"{CACHE_VARIABLE} names another folder"


def cache_root() -> Path | None:
    """The folder around all folders in which something is kept; None if there is none.

    It is the one that ``AUTOML_ZERO_CACHE_DIR`` names, or that of the user's caches. Where it cannot be used, a warning
    says why, and another one takes its place: that of the user's caches, or one in the folder of temporary files. Of
    each folder in it, ask whether it is ``unusable``.
    """
    faults = []
    for folder in _places():
        fault = "there is no home folder" if folder is None else unusable(folder, is_passed=True)
        if folder is not None and fault is None:
            break
        faults.append(f"nothing is kept in {folder or 'the cache folder of the user'}: {fault}")
    else:
        folder = None
    if faults:
        instead = f"{folder} is used instead" if folder else "what could be kept is made at every start"
        warn_once(faults[0], f"{faults[0]}; {instead}; {REMEDY}")
    return folder


def user_folder() -> Path | None:
    """The folder of the user's caches; it need not exist. None if the user has no home folder."""
    from platformdirs import user_cache_path

    try:
        folder = user_cache_path("automl-zero")
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None  # a relative one would be in the current folder, anybody's


def unusable(folder: Path, *, is_passed: bool = False) -> str | None:
    """Why a folder cannot be used; None if it can. It is made if need be, so that only this user can open it.

    Nobody but this user or root may write there. One that is only passed, on the way to others, may be as ``/tmp``.
    """
    if fault := folder_fault(folder, is_passed=is_passed):
        return fault
    try:
        make_private(folder)
        os.scandir(folder).close()
    except OSError as error:
        return f"it cannot be {'read' if os.path.isdir(folder) else 'made'} ({error.strerror})"
    return folder_fault(folder, is_passed=is_passed)


def make_private(folder: Path) -> None:
    """Make a folder and those around it, as far as they are missing, which nobody else can open.

    Raises:
        OSError: one of them cannot be made.
    """
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)


def hash_of_files(files: Iterable[Path], also: str) -> str:
    """Hash of the contents of some files, in the order of their paths, and of a text."""
    digest = hashlib.sha256(also.encode())
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _places() -> list[Path | None]:
    """Where to keep things, the first that can be used; None stands for the home folder that is missing."""
    moved = os.environ.get(CACHE_VARIABLE)
    places = [Path(moved).absolute()] if moved else []
    temporary = Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 (the folder in it is private, and checked)
    own = [temporary / f"automl-zero-{os.geteuid()}"] if HAS_OWNERS and temporary.is_absolute() else []
    return [*places, user_folder(), *own]
