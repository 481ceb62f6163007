"""The cache of downloaded data sets: one folder for each, which appears only once it is complete.

A folder contains the four arrays as NPY files, which are memory-mapped and not read, and ``origin.json``, which records
their source. The cache is in the user's cache folder, or in the one that ``AUTOML_ZERO_DATA_DIR`` names.
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
from automl_zero.tasks.datasets.images import ImageArrays
from automl_zero.tasks.datasets.sources import KnownDataset
from automl_zero.tasks.npz import UNREADABLE
from automl_zero.tasks.task import TaskError

DATA_VARIABLE = "AUTOML_ZERO_DATA_DIR"
ORIGIN, MAX_ORIGIN = "origin.json", 1 << 16  # and its largest size in bytes


def data_folder() -> Path:
    """Return the folder that contains all data sets.

    Raises:
        TaskError: the user has no home folder, and the variable names no other folder.
    """
    named = os.environ.get(DATA_VARIABLE)
    folder = Path(named).absolute() if named else user_folder()
    if folder is None:
        raise TaskError(f"data sets cannot be saved, there is no home folder: set {DATA_VARIABLE} to a folder")
    return folder if named else folder / "data"


def dataset_folder(known: KnownDataset) -> Path:
    """Return the folder of a data set, which need not exist."""
    return data_folder() / known.name


def is_cached(known: KnownDataset) -> bool:
    """Return whether a data set is in the cache; it may be damaged."""
    return dataset_folder(known).exists()


def read_origin(known: KnownDataset) -> str:
    """Return the source of a cached data set, to be shown to users.

    Raises:
        TaskError: the record is missing or damaged, or describes other data.
    """
    path = dataset_folder(known) / ORIGIN
    try:
        origin = json.loads(read_regular(path, MAX_ORIGIN))
        title, sha256 = origin["title"], origin["sha256"]
    except (OSError, ValueError, LookupError, TypeError):
        raise _damaged(known, path, "missing or cannot be read") from None
    if sha256 != known.sha256 or not isinstance(title, str):
        raise _damaged(known, path, f"that of arrays with the sha256 {sha256}, not {known.sha256}")
    return title


def read_arrays(known: KnownDataset) -> ImageArrays:
    """Return the cached arrays, memory-mapped. Types, shapes and sizes are checked; pixels and labels are not.

    Raises:
        TaskError: a file is missing or damaged; the message names it.
    """
    read_origin(known)
    return ImageArrays(*(_map(known, name, shape) for name, shape in shapes(known).items()))


def shapes(known: KnownDataset) -> dict[str, tuple[int, ...]]:
    """Return the shape of each array, by its name."""
    sizes = (known.num_train, known.num_train, known.num_test, known.num_test)
    return {
        name: (size, *known.shape) if name.endswith("images") else (size,)
        for name, size in zip(ImageArrays._fields, sizes, strict=True)
    }


def save_dataset(known: KnownDataset, arrays: ImageArrays, title: str, unfinished: Path) -> None:
    """Write a data set to the folder ``unfinished``, and move it into the cache once it is on disk.

    A data set that is there is replaced.
    """
    unfinished.mkdir()
    for name, array in arrays._asdict().items():
        with on_disk(unfinished / f"{name}.npy") as file:
            np.save(file, array, allow_pickle=False)
    with on_disk(unfinished / ORIGIN) as file:
        file.write(json.dumps({"title": title, "sha256": known.sha256}).encode())
    sync_folder(unfinished)
    target = dataset_folder(known)
    if target.exists():
        target.rename(unfinished.with_name("replaced"))
    unfinished.rename(target)
    sync_folder(target.parent)


def disk_size(known: KnownDataset) -> int:
    """Return the size of a cached data set in bytes."""
    return sum(path.stat().st_size for path in dataset_folder(known).glob("*") if path.is_file())


@contextmanager
def temporary_folder(known: KnownDataset) -> Iterator[Path]:
    """Make a temporary folder next to that of a data set, which is removed after the block.

    It replaces those of processes that were killed. The caller must hold the lock of the data set.
    """
    target = dataset_folder(known)
    work = target.with_name(f".{target.name}.work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _map(known: KnownDataset, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    path = dataset_folder(known) / f"{name}.npy"
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
    """Map the array of an open NPY file; the map remains valid when the file is closed."""
    if npy.read_magic(file) != (1, 0):
        raise ValueError("not in the format of the cache")
    shape, fortran_order, dtype = npy.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("not in the format of the cache")
    return np.memmap(file, dtype, "r", file.tell(), shape, "F" if fortran_order else "C")


def _damaged(known: KnownDataset, path: Path, fault: str) -> TaskError:
    return TaskError(f"{path} is {fault}: download it again with 'automl-zero data get {known.name} --force'")
