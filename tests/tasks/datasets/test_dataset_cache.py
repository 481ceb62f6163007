"""Damaged files in the cache of data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automl_zero.tasks.datasets.dataset_info import dataset_rows
from automl_zero.tasks.datasets.datasets import load_dataset
from automl_zero.tasks.task import TaskError


def refused(name: str | Path) -> str:
    with pytest.raises(TaskError) as caught:
        load_dataset(str(name))
    return str(caught.value)


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
