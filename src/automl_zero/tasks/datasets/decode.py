"""Decoding of published files into arrays, which are the same for every source of a data set."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from io import BytesIO

import numpy as np

from automl_zero.tasks.datasets.images import Bytes, ImageArrays

UBYTE = 8  # the code of the element type in the header of an IDX file
RECORD_SHAPE = (3, 32, 32)  # planes, rows and columns of an image in CIFAR's binary format


def idx_arrays(contents: Sequence[bytes]) -> ImageArrays:
    """Decode four IDX files: train images, train labels, test images, test labels.

    Raises:
        ValueError: one is not an IDX file of bytes.
    """
    train_images, train_labels, test_images, test_labels = map(_idx, contents)
    return ImageArrays(train_images[..., None], train_labels, test_images[..., None], test_labels)


def cifar_arrays(contents: Sequence[bytes]) -> ImageArrays:
    """Decode CIFAR-10's binary batches, the last of which has the test images; a record is a label and three planes.

    Raises:
        ValueError: the size of a batch is not a multiple of that of a record.
    """
    batches = [np.frombuffer(each, np.uint8).reshape(-1, 1 + math.prod(RECORD_SHAPE)) for each in contents]
    images = [batch[:, 1:].reshape(-1, *RECORD_SHAPE).transpose(0, 2, 3, 1) for batch in batches]
    labels = [batch[:, 0] for batch in batches]
    return _joined(images, labels)


def png_arrays(contents: Sequence[bytes]) -> ImageArrays:
    """Decode CIFAR-10's batches as PNG pictures with a row for each image, then train and test labels as JSON.

    Raises:
        ValueError: a picture or a list of labels does not have this format.
        OSError: a picture is damaged.
    """
    *pictures, train_labels, test_labels = contents
    images = [_picture(each).reshape(-1, 32, 32, 3) for each in pictures]
    labels = [np.array(json.loads(each), np.uint8) for each in (train_labels, test_labels)]
    return _joined(images, labels)


def _idx(content: bytes) -> Bytes:
    """Decode an IDX file: two zero bytes, type, number of dimensions, their sizes (big-endian), the elements."""
    if len(content) < 4 or content[:3] != bytes([0, 0, UBYTE]):
        raise ValueError("not an IDX file of bytes")
    start = 4 + 4 * content[3]
    shape = np.frombuffer(content[4:start], ">u4")
    return np.frombuffer(content, np.uint8, offset=start).reshape([int(size) for size in shape])


def _picture(content: bytes) -> Bytes:
    from PIL import Image

    with Image.open(BytesIO(content), formats=["PNG"]) as picture:
        if picture.mode != "RGB":
            raise ValueError(f"a picture of mode {picture.mode}, not RGB")
        return np.asarray(picture)


def _joined(images: Sequence[Bytes], labels: Sequence[Bytes]) -> ImageArrays:
    train_images, train_labels = np.concatenate(images[:-1]), np.concatenate(labels[:-1])
    return ImageArrays(train_images, train_labels, np.ascontiguousarray(images[-1]), labels[-1])
