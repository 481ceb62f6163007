"""The forms that data sets are published in: both forms of CIFAR-10 give the same arrays."""

from __future__ import annotations

import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from automl_zero.tasks.datasets.decode import cifar_arrays, png_arrays

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (3, 4, 32, 32, 3)).astype(np.uint8)  # two train batches and the test batch
LABELS = RNG.integers(0, 10, (3, 4)).astype(np.uint8)


def binary(images: np.ndarray, labels: np.ndarray) -> bytes:
    """Records of a label and the planes of red, green and blue."""
    planes = (image[:, :, channel].tobytes() for image in images for channel in range(3))
    return b"".join(bytes([label]) + next(planes) + next(planes) + next(planes) for label in labels)


def png(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def pictures() -> list[bytes]:
    return [
        *(png(batch.reshape(4, 1024, 3)) for batch in IMAGES),
        json.dumps(LABELS[:2].ravel().tolist()).encode(),
        json.dumps(LABELS[2].tolist()).encode(),
    ]


def test_both_forms_of_cifar_give_the_same_arrays() -> None:
    expected = (IMAGES[:2].reshape(8, 32, 32, 3), LABELS[:2].ravel(), IMAGES[2], LABELS[2])
    for arrays in (cifar_arrays([binary(*each) for each in zip(IMAGES, LABELS, strict=True)]), png_arrays(pictures())):
        for array, wanted in zip(arrays, expected, strict=True):
            assert array.dtype == np.uint8
            np.testing.assert_array_equal(array, wanted)


def test_a_batch_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        cifar_arrays([binary(IMAGES[0], LABELS[0])[:-1]] * 2)


@pytest.mark.parametrize(
    ("number", "content"),
    [
        (0, pictures()[0][:1000]),
        (0, b"no picture"),
        (0, png(np.zeros((4, 1024), np.uint8))),
        (3, b"[1, 2"),
        (3, b"[300]"),
    ],
    ids=["cut off", "no picture", "grey", "no JSON", "no byte"],
)
def test_a_picture_or_labels_of_another_form_are_refused(number: int, content: bytes) -> None:
    contents = pictures()
    contents[number] = content
    with pytest.raises((ValueError, OSError, OverflowError)):
        png_arrays(contents)
