"""Data sets by their names: the bundled one, those that were got, and NPZ files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.data.tiny_images import PACKAGE, tiny, tiny_arrays, write_program

from automl_zero.tasks.datasets.dataset_info import dataset_facts, dataset_rows
from automl_zero.tasks.datasets.datasets import dataset_names, load_dataset
from automl_zero.tasks.datasets.download import get_dataset
from automl_zero.tasks.datasets.images import arrays_sha256
from automl_zero.tasks.datasets.sources import KNOWN, KnownDataset
from automl_zero.tasks.task import TaskError


@pytest.fixture
def known(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> KnownDataset:
    """The row of the tiny data set, as the only one."""
    assert not data_dir.exists()
    row = tiny()
    for module in ("datasets", "dataset_info", "sources"):
        monkeypatch.setattr(f"automl_zero.tasks.datasets.{module}.KNOWN", {"tiny": row})
    return row


@pytest.fixture
def folder(known: KnownDataset, programs: Path) -> Path:
    """The folder of the tiny data set, which is here."""
    write_program(programs, "npm", PACKAGE)
    return get_dataset(known)


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
    command = f"get it with 'automl-zero data get {name}' ({size})"
    assert refused(name) == f"data set {name!r} is not on this machine yet: {command}"


def test_every_row_is_whole() -> None:
    for known in KNOWN.values():
        hashes = [known.sha256, *(file.sha256 for each in (known.official, known.package) for file in each.files)]
        assert len(set(hashes)) == len(hashes)
        assert all(len(each) == 64 and int(each, 16) for each in hashes)
        assert len(known.package.files) == 1
        assert known.package.program in ("npm", "apt-get")


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


def damage(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "change", "fault"),
    [
        ("train_images.npy", lambda _: None, "is missing"),
        ("train_images.npy", lambda content: content[:-1], "is cut off or no NPY file"),
        ("train_images.npy", lambda _: b"", "is cut off or no NPY file"),
        ("train_images.npy", lambda _: b"PK\x05\x06" + bytes(18), "is cut off or no NPY file"),
        ("test_labels.npy", lambda content: content + b"?", "is not of the size that it should have"),
        ("test_labels.npy", lambda content: content.replace(b"|u1", b"|i1"), "is no uint8 array of shape (4,)"),
        (
            "test_images.npy",
            lambda content: content.replace(b"(4, 4", b"(3, 4"),
            "no uint8 array of shape (4, 4, 3, 1)",
        ),
        ("test_images.npy", lambda content: content.replace(b"False", b"True "), "is not of the size"),
        ("origin.json", lambda _: None, "is missing or cannot be read"),
        ("origin.json", lambda content: content[:-1], "is missing or cannot be read"),
        ("origin.json", lambda _: b'{"title": "x", "sha256": "y"}', "is that of arrays with the sha256 y, not "),
    ],
)
def test_a_damaged_file_is_named_with_the_remedy(folder: Path, name: str, change: Any, fault: str) -> None:
    path = folder / name
    damage(path, change(path.read_bytes()))
    message = refused("tiny")
    assert message.startswith(f"{path} ")
    assert fault in message
    assert message.endswith(": download it again with 'automl-zero data get tiny --force'")
    assert [row["state"] for row in dataset_rows()] == ["bundled", "damaged"]


def test_labels_that_were_changed_are_refused(folder: Path) -> None:
    path = folder / "train_labels.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    assert f"{folder} is damaged, train_labels holds 7" in refused("tiny")


def test_facts_find_a_changed_pixel_that_loading_does_not_look_for(folder: Path) -> None:
    path = folder / "train_images.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    load_dataset("tiny")
    with pytest.raises(TaskError, match="tiny is damaged, its arrays have the sha256"):
        dataset_facts("tiny")


def test_facts_are_those_of_the_pixels(known: KnownDataset, folder: Path) -> None:
    facts = dataset_facts("tiny")
    images = tiny_arrays().train_images
    assert facts["channel_means"] == pytest.approx([images.mean()])
    assert facts["channel_deviations"] == pytest.approx([images.std()])
    assert facts["classes"] == [{"name": "even", "train": 3, "test": 2}, {"name": "odd", "train": 3, "test": 2}]
    assert (facts["sha256"], facts["path"]) == (known.sha256, str(folder))
    assert facts["from"] == "npm package tiny-images@1.0"


def test_the_identity_depends_on_every_array() -> None:
    arrays = tiny_arrays()
    changed = [arrays._replace(**{name: array + np.uint8(1)}) for name, array in arrays._asdict().items()]
    assert len({arrays_sha256(each) for each in (arrays, *changed)}) == 5


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
