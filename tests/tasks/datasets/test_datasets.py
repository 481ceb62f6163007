"""Loading of data sets by name: the bundled one, and downloaded ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.data.tiny_images import tiny_arrays

from automl_zero.tasks.datasets.datasets import dataset_names, load_dataset
from automl_zero.tasks.task import TaskError


def refused(name: str | Path) -> str:
    with pytest.raises(TaskError) as caught:
        load_dataset(str(name))
    return str(caught.value)


def test_the_digits_are_bundled_and_split_by_class() -> None:
    digits = load_dataset("digits")
    assert (digits.shape, digits.class_names, digits.train.pixels.dtype) == ((8, 8, 1), tuple("0123456789"), np.uint8)
    assert digits.train.pixels.shape == (1438, 64)
    assert digits.test.pixels.shape == (359, 64)
    together = np.bincount(np.concatenate([digits.train.labels, digits.test.labels]))
    np.testing.assert_array_equal(np.bincount(digits.test.labels), np.round(0.2 * together))
    assert load_dataset("digits") is digits


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    assert dataset_names() == ["digits", "cifar10", "mnist", "fashion-mnist"]
    assert refused("cifar") == (
        "no data set 'cifar': there are digits, cifar10, mnist, fashion-mnist; a file of your own ends in .npz"
    )


@pytest.mark.parametrize(("name", "size"), [("cifar10", "170 MB"), ("mnist", "12 MB"), ("fashion-mnist", "31 MB")])
@pytest.mark.usefixtures("data_dir")
def test_what_was_not_got_yet_is_refused_with_the_command_and_its_size(name: str, size: str) -> None:
    command = f"download it with 'automl-zero data get {name}' ({size})"
    assert refused(name) == f"data set {name!r} is not on this machine yet: {command}"


@pytest.mark.usefixtures("folder")
def test_what_was_got_is_mapped_and_not_copied() -> None:
    dataset = load_dataset("tiny")
    arrays = tiny_arrays()
    assert (dataset.shape, dataset.class_names) == ((4, 3, 1), ("even", "odd"))
    for part, images, labels in ((dataset.train, *arrays[:2]), (dataset.test, *arrays[2:])):
        np.testing.assert_array_equal(part.pixels, images.reshape(len(images), 12))
        np.testing.assert_array_equal(part.labels, labels)
        assert (part.pixels.dtype, part.labels.dtype) == (np.uint8, np.int64)
        assert not part.pixels.flags.writeable
        assert is_mapped(part.pixels)
    assert load_dataset("tiny") is dataset


def is_mapped(array: Any) -> bool:
    return isinstance(array, np.memmap) or (array is not None and is_mapped(getattr(array, "base", None)))
