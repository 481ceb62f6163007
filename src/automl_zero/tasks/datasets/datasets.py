"""Loading of data sets by name: bundled ones, downloaded ones, and NPZ files of users.

Each has a fixed split into train and test images, which every use of it respects.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from automl_zero.config.paths import IMAGE_FILE
from automl_zero.tasks.datasets.dataset_cache import dataset_folder, is_cached, read_arrays
from automl_zero.tasks.datasets.images import Dataset, Images, pick, to_dataset
from automl_zero.tasks.datasets.own_images import load_own_images
from automl_zero.tasks.datasets.sources import BUNDLED, KNOWN, KnownDataset
from automl_zero.tasks.splits import by_hash
from automl_zero.tasks.task import IntArray, TaskError

__all__ = ["Dataset", "Images", "dataset_names", "load_dataset"]

HELD_OUT = 0.2  # the share of test images of the digits, which come without a split


def dataset_names() -> list[str]:
    """Return the names that ``load_dataset`` accepts."""
    return [BUNDLED, *KNOWN]


def load_dataset(name: str) -> Dataset:
    """Load a data set by its name, or by the path of a user's NPZ file (see ``own_images``).

    Raises:
        TaskError: the name is unknown, the data set was not downloaded yet, or it is damaged.

    Example:
        >>> load_dataset("digits").train.pixels.shape
        (1438, 64)
    """
    if name == BUNDLED:
        return _digits()
    if name.endswith(IMAGE_FILE):
        if not Path(name).exists():
            raise TaskError(
                f"{name} cannot be opened (No such file or directory): check the path; if the images of a run have "
                "moved, add --set tasks.dataset=NEW, or write it to the run's config.toml"
            )
        return _load_own(name, _time_of_change(Path(name)))
    if name not in KNOWN:
        names = ", ".join(dataset_names())
        raise TaskError(f"no data set {name!r}: there are {names}; a file of your own ends in {IMAGE_FILE}")
    return _load_cached(KNOWN[name])


@cache
def _digits() -> Dataset:
    """Load the 1797 images that come with scikit-learn; their split is by the order of hashes, not by a seed."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    everything = Images(bunch.data.astype(np.uint8), bunch.target.astype(np.int64))
    test = np.concatenate([_held_out(everything.labels, digit) for digit in range(10)])
    train = np.setdiff1d(np.arange(len(everything.labels)), test)
    return Dataset(BUNDLED, (8, 8, 1), tuple("0123456789"), pick(everything, train), pick(everything, test))


def _held_out(labels: IntArray, digit: int) -> IntArray:
    of_digit = by_hash(np.flatnonzero(labels == digit).tolist())
    return np.array(of_digit[: round(HELD_OUT * len(of_digit))])


def _load_cached(known: KnownDataset) -> Dataset:
    folder = dataset_folder(known)
    if not is_cached(known):
        raise TaskError(
            f"data set {known.name!r} is not on this machine yet: download it with 'automl-zero data get {known.name}' "
            f"({known.download_size})"
        )
    return _map_cached(known, folder, _time_of_change(folder))


@lru_cache(maxsize=8)
def _map_cached(known: KnownDataset, folder: Path, _changed: int) -> Dataset:
    arrays = read_arrays(known)
    try:
        return to_dataset(known.name, known.class_names, arrays)
    except TaskError as error:
        remedy = f"download it again with 'automl-zero data get {known.name} --force'"
        raise TaskError(f"{folder} is damaged, {error}: {remedy}") from None


@lru_cache(maxsize=4)
def _load_own(name: str, _changed: int) -> Dataset:
    return load_own_images(name)


def _time_of_change(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
