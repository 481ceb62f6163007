"""Descriptions of data sets: whether they are on this machine, and their contents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from automl_zero.config.paths import IMAGE_FILE
from automl_zero.tasks.datasets.dataset_cache import dataset_folder, disk_size, is_cached, read_arrays, read_origin
from automl_zero.tasks.datasets.datasets import Dataset, load_dataset
from automl_zero.tasks.datasets.images import Bytes, ImageArrays, Images, arrays_sha256
from automl_zero.tasks.datasets.sources import BUNDLED, KNOWN, DownloadSource, KnownDataset
from automl_zero.tasks.task import TaskError

CHUNK = 1000  # images in one step, to bound the memory


def dataset_rows() -> list[dict[str, Any]]:
    """Return a row for each data set, with its description and whether it is on this machine."""
    return [_bundled_row(), *(_known_row(known) for known in KNOWN.values())]


def dataset_facts(name: str) -> dict[str, Any]:
    """Return all facts about a data set on this machine, or an NPZ file; every pixel is read and checked.

    Raises:
        TaskError: see ``load_dataset``; or the arrays do not have the expected sha256.
    """
    dataset = load_dataset(name)
    sha256 = _sha256(dataset)
    facts = _facts_of_known(KNOWN[name], sha256) if name in KNOWN else _facts_of_other(name)
    means, deviations = _channels(dataset.train.pixels, dataset.shape[2])
    return {
        "name": name,
        **facts,
        "shape": list(dataset.shape),
        "train_images": len(dataset.train.labels),
        "test_images": len(dataset.test.labels),
        "classes": _counts(dataset),
        "channel_means": means,
        "channel_deviations": deviations,
        "sha256": sha256,
    }


def _bundled_row() -> dict[str, Any]:
    digits = load_dataset(BUNDLED)
    return {
        "name": BUNDLED,
        "train": len(digits.train.labels),
        "test": len(digits.test.labels),
        "classes": len(digits.class_names),
        "shape": _shape(digits.shape),
        "bytes": 0,
        "state": "bundled",
        "description": _DIGITS,
    }


_DIGITS = "small images of handwritten digits, included in scikit-learn"


def _known_row(known: KnownDataset) -> dict[str, Any]:
    return {
        "name": known.name,
        "train": known.num_train,
        "test": known.num_test,
        "classes": len(known.class_names),
        "shape": _shape(known.shape),
        "bytes": disk_size(known),
        "state": _state(known),
        "description": known.description,
    }


def _state(known: KnownDataset) -> str:
    """Return the source of a data set if it is on this machine, or else what is wrong."""
    if not is_cached(known):
        return "not here"
    try:
        read_arrays(known)
        return f"from {read_origin(known)}"
    except TaskError:
        return "damaged"


def _facts_of_known(known: KnownDataset, sha256: str) -> dict[str, Any]:
    folder = dataset_folder(known)
    if sha256 != known.sha256:
        raise TaskError(
            f"{folder} is damaged, its arrays have the sha256 {sha256}, not {known.sha256}: download it again with "
            f"'automl-zero data get {known.name} --force'"
        )
    return {
        "description": known.description,
        "licence": known.licence,
        "path": str(folder),
        "bytes": disk_size(known),
        "from": read_origin(known),
        "sources": [_source(known.official), _source(known.package)],
    }


def _source(source: DownloadSource) -> dict[str, Any]:
    files = [{"name": file.name, "bytes": file.num_bytes, "sha256": file.sha256} for file in source.files]
    return {"title": source.title, "files": files}


def _facts_of_other(name: str) -> dict[str, Any]:
    own = name.endswith(IMAGE_FILE)
    path = Path(name).absolute() if own else None
    return {
        "description": "your own file" if own else _DIGITS,
        "licence": "your own" if own else "of scikit-learn: BSD-3-Clause",
        "path": str(path) if path else None,
        "bytes": path.stat().st_size if path else 0,
        "from": "a file" if own else "scikit-learn",
        "sources": [],
    }


def _sha256(dataset: Dataset) -> str:
    """Return the sha256 of the arrays as the cache would store them; labels above 255 are hashed unchanged."""
    train, test = dataset.train, dataset.test
    parts = (train.pixels, _small(train), test.pixels, _small(test))
    return arrays_sha256(ImageArrays(*parts))


def _small(images: Images) -> Any:
    return images.labels.astype(np.uint8) if images.labels.max() < 256 else images.labels


def _counts(dataset: Dataset) -> list[dict[str, Any]]:
    size = len(dataset.class_names)
    counts = [np.bincount(part.labels, minlength=size).tolist() for part in (dataset.train, dataset.test)]
    rows = zip(dataset.class_names, *counts, strict=True)
    return [{"name": name, "train": train, "test": test} for name, train, test in rows]


def _channels(pixels: Bytes, channels: int) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each channel over the train images, from exact sums."""
    sums, squares = np.zeros(channels, np.int64), np.zeros(channels, np.int64)
    for start in range(0, len(pixels), CHUNK):
        values = pixels[start : start + CHUNK].reshape(-1, channels).astype(np.int64)
        sums += values.sum(axis=0)
        squares += (values**2).sum(axis=0)
    count = pixels.size // channels
    means = sums / count
    return means.tolist(), np.sqrt(squares / count - means**2).tolist()


def _shape(shape: tuple[int, int, int]) -> str:
    return "x".join(map(str, shape))
