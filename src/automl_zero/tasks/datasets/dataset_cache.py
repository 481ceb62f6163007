"""The data sets that are on this machine: a folder for each, complete from the moment it is there.

A folder holds the four arrays as NPY files, which are mapped to memory and not read, and ``origin.json``, which says
where they are from. ``AUTOML_ZERO_DATA_DIR`` moves the folder of all.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from automl_zero.system.atomic_write import on_disk, sync_folder
from automl_zero.system.cache_dir import user_folder
from automl_zero.system.safe_files import open_regular, read_regular
from automl_zero.tasks.datasets.images import Arrays
from automl_zero.tasks.datasets.sources import KnownDataset
from automl_zero.tasks.npz import UNREADABLE
from automl_zero.tasks.task import TaskError

DATA_VARIABLE = "AUTOML_ZERO_DATA_DIR"
ORIGIN, MOST_ORIGIN = "origin.json", 1 << 16  # and bytes that it may have


def data_folder() -> Path:
    """Where data sets are kept.

    Raises:
        TaskError: the user has no home folder, and no other folder is named.
    """
    moved = os.environ.get(DATA_VARIABLE)
    folder = Path(moved).absolute() if moved else user_folder()
    if folder is None:
        raise TaskError(f"data sets cannot be kept, there is no home folder: set {DATA_VARIABLE} to a folder")
    return folder if moved else folder / "data"


def folder_of(known: KnownDataset) -> Path:
    """Where a data set is kept, or would be."""
    return data_folder() / known.name


def is_here(known: KnownDataset) -> bool:
    """Whether it is kept; it may be damaged."""
    return folder_of(known).exists()


def read_origin(known: KnownDataset) -> str:
    """Where the kept data set is from, for people.

    Raises:
        TaskError: the record is missing or damaged, or is of other data.
    """
    path = folder_of(known) / ORIGIN
    try:
        origin = json.loads(read_regular(path, MOST_ORIGIN))
        title, sha256 = origin["title"], origin["sha256"]
    except (OSError, ValueError, LookupError, TypeError):
        raise _damaged(known, path, "missing or cannot be read") from None
    if sha256 != known.sha256 or not isinstance(title, str):
        raise _damaged(known, path, f"that of arrays with the sha256 {sha256}, not {known.sha256}")
    return title


def read_arrays(known: KnownDataset) -> Arrays:
    """The kept arrays, mapped to memory. Types, shapes and sizes are checked here, the pixels by ``images.identity``.

    Raises:
        TaskError: naming the file that is missing or damaged.
    """
    read_origin(known)
    return Arrays(*(_map(known, name, shape) for name, shape in shapes(known).items()))


def shapes(known: KnownDataset) -> dict[str, tuple[int, ...]]:
    """The shape of each array, by its name."""
    sizes = (known.num_train, known.num_train, known.num_test, known.num_test)
    return {
        name: (size, *known.shape) if name.endswith("images") else (size,)
        for name, size in zip(Arrays._fields, sizes, strict=True)
    }


def keep(known: KnownDataset, arrays: Arrays, title: str, unfinished: Path) -> None:
    """Write a folder beside, and put it in its place when all of it is on disk; what was there is replaced."""
    unfinished.mkdir()
    for name, array in arrays._asdict().items():
        with on_disk(unfinished / f"{name}.npy") as file:
            np.save(file, array, allow_pickle=False)
    with on_disk(unfinished / ORIGIN) as file:
        file.write(json.dumps({"title": title, "sha256": known.sha256}).encode())
    sync_folder(unfinished)
    place = folder_of(known)
    if place.exists():
        place.rename(unfinished.with_name("replaced"))
    unfinished.rename(place)
    sync_folder(place.parent)


def disk_size(known: KnownDataset) -> int:
    """Bytes of the files that are kept."""
    return sum(path.stat().st_size for path in folder_of(known).glob("*") if path.is_file())


@contextmanager
def work_folder(known: KnownDataset) -> Iterator[Path]:
    """A folder beside the place of a data set, that is gone afterwards; and so are those of processes that were killed.

    Only whoever holds the lock of the data set may ask for it.
    """
    place = folder_of(known)
    work = place.with_name(f".{place.name}.work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _map(known: KnownDataset, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    path = folder_of(known) / f"{name}.npy"
    try:
        with open_regular(path) as file:
            array = _mapped(file)
    except FileNotFoundError:
        raise _damaged(known, path, "missing") from None
    except UNREADABLE:
        raise _damaged(known, path, "cut off or no NPY file") from None
    if array.dtype != np.uint8 or array.shape != shape:
        raise _damaged(known, path, f"no uint8 array of shape {shape}")
    if not array.flags.c_contiguous or path.stat().st_size != array.offset + array.nbytes:
        raise _damaged(known, path, "not of the size that it should have")
    return np.asarray(array)


def _mapped(file: BinaryIO) -> np.memmap[Any, Any]:
    """The array of an open NPY file; the map outlives the file."""
    if npy.read_magic(file) != (1, 0):
        raise ValueError("not as it is kept")
    shape, fortran_order, dtype = npy.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("not as it is kept")
    return np.memmap(file, dtype, "r", file.tell(), shape, "F" if fortran_order else "C")


def _damaged(known: KnownDataset, path: Path, fault: str) -> TaskError:
    return TaskError(f"{path} is {fault}: get it anew with 'automl-zero data get {known.name} --force'")
