"""Data sets from NPZ files of users."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.data.tiny_images import tiny, tiny_arrays

from automl_zero.tasks.datasets.dataset_info import dataset_facts
from automl_zero.tasks.datasets.datasets import load_dataset
from automl_zero.tasks.task import TaskError


def refused(name: str | Path) -> str:
    with pytest.raises(TaskError) as caught:
        load_dataset(str(name))
    return str(caught.value)


def content(**changes: Any) -> dict[str, Any]:
    """A file's arrays: six train and four test images of 4 x 3 pixels in two classes."""
    made = {name: array.squeeze() for name, array in tiny_arrays()._asdict().items()} | changes
    return {name: array for name, array in made.items() if array is not None}


def written(folder: Path, **changes: Any) -> Path:
    np.savez(folder / "own.npz", **content(**changes))
    return folder / "own.npz"


@pytest.mark.parametrize(
    ("image", "shape"), [((4, 3), (4, 3, 1)), ((2, 2, 3), (2, 2, 3)), ((12,), (1, 12, 1)), ((4, 3, 1), (4, 3, 1))]
)
def test_a_file_of_ones_own_is_a_data_set(tmp_path: Path, image: tuple[int, ...], shape: tuple[int, ...]) -> None:
    arrays = tiny_arrays()
    images = {name: getattr(arrays, name).reshape(-1, *image) for name in ("train_images", "test_images")}
    path = written(tmp_path, **images, train_labels=arrays.train_labels.astype(np.int32))
    dataset = load_dataset(str(path))
    assert (dataset.name, dataset.shape, dataset.class_names) == (str(path), shape, ("0", "1"))
    np.testing.assert_array_equal(dataset.train.pixels, arrays.train_images.reshape(6, 12))
    np.testing.assert_array_equal(dataset.test.labels, arrays.test_labels)
    assert (dataset.train.pixels.dtype, dataset.train.labels.dtype) == (np.uint8, np.int64)


def test_a_file_of_ones_own_may_name_its_classes_and_has_facts(tmp_path: Path) -> None:
    path = written(tmp_path, class_names=["cat", "dog"])
    assert load_dataset(str(path)).class_names == ("cat", "dog")
    facts = dataset_facts(str(path))
    assert (facts["sha256"], facts["path"], facts["bytes"]) == (tiny().sha256, str(path), path.stat().st_size)


def test_a_file_that_was_written_again_is_read_again(tmp_path: Path) -> None:
    load_dataset(str(written(tmp_path)))
    path = written(tmp_path, class_names=["cat", "dog"])
    assert load_dataset(str(path)).class_names == ("cat", "dog")


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("unpickled",))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train_images": None}, "array train_images is missing"),
        ({"test_labels": None}, "array test_labels is missing"),
        ({"epochs": 1}, "unknown array epochs: besides train_images, train_labels, test_images, test_labels there may"),
        (
            {"train_images": np.zeros((6, 4, 3))},
            "train_images is of type float64: write pixels as whole numbers 0 to 2",
        ),
        ({"test_images": np.zeros((4, 3, 4), np.uint8)}, "of shape (4, 3, 1) but test_images of (3, 4, 1)"),
        ({"test_images": np.zeros(4, np.uint8)}, "test_images has shape (4,): write [images, height, width]"),
        ({"train_images": np.zeros((0, 4, 3), np.uint8)}, "train_images has shape (0, 4, 3): write"),
        ({"train_images": np.zeros((5, 4, 3), np.uint8)}, "there are 5 train_images but 6 train_labels"),
        ({"train_labels": np.zeros((6, 1), np.int64)}, "train_labels is int64[6, 1]: write whole numbers"),
        ({"train_labels": np.zeros(6)}, "train_labels is float64[6]: write whole numbers"),
        ({"test_labels": np.array([], np.int64)}, "test_labels is int64[0]: write whole numbers"),
        ({"train_labels": [0, 1, 0, 1, 0, -1]}, "train_labels holds -1: use the class numbers 0 to 1"),
        ({"test_labels": [0, 1, 0, 2]}, "test_labels holds 2: use the class numbers 0 to 1"),
        ({"train_labels": [0, 1, 0, 1, 0, 2**40]}, f"train_labels holds {2**40}, above the number of images"),
        ({"train_labels": np.full(6, 2**64 - 1, np.uint64)}, f"train_labels holds {2**64 - 1}, above the number"),
        ({"train_labels": [0, 2, 0, 2, 0, 2]}, "train_labels has no image of class 1 (1): every class needs images"),
        ({"test_labels": [1, 1, 1, 1]}, "test_labels has no image of class 0 (0)"),
        ({"train_labels": np.zeros(6, np.int64)}, "the number of classes is 1: a data set needs two or more"),
        ({"class_names": ["a", "b", "c"]}, "train_labels has no image of class 2 (c)"),
        ({"class_names": [1, 2]}, "class_names is int64[2]: write text of shape [classes]"),
        ({"class_names": np.array([Evil(), Evil()], object)}, "array class_names cannot be read"),
    ],
)
def test_a_fault_in_a_file_of_ones_own_is_named(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    path = written(tmp_path, **changes)
    message = refused(path)
    assert message.startswith(f"{path}: ")
    assert words in message


def test_what_is_no_npz_file_is_refused(tmp_path: Path) -> None:
    assert "cannot be opened (No such file or directory)" in refused(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    assert "not a readable NPZ file" in refused(tmp_path / "text.npz")
