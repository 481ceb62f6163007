"""The real data sets, where they can be had: that they are what their authors published."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import pytest

from automl_zero.tasks.datasets.dataset_info import dataset_facts
from automl_zero.tasks.datasets.datasets import Dataset, load_dataset
from automl_zero.tasks.datasets.download import get_dataset
from automl_zero.tasks.datasets.source_choice import SourceChoice
from automl_zero.tasks.datasets.sources import KNOWN
from automl_zero.tasks.task import TaskError

# Facts that are known from elsewhere: the first train labels, the first pixel values, and mean and standard deviation
# of the channels over the train images.
FACTS = {
    "cifar10": ([6, 9, 9, 4, 1, 1, 2, 7, 8, 3], [59, 62, 63], [125.307, 122.950, 113.865], [62.993, 62.089, 66.705]),
    "mnist": ([5, 0, 4, 1, 9, 2, 1, 3, 1, 4], [0, 0, 0], [0.1307 * 255], [0.3081 * 255]),
    "fashion-mnist": ([9, 0, 0, 3, 0, 2, 7, 2, 5, 5], [0, 0, 0], [0.2860 * 255], [0.3530 * 255]),
}
ROUNDED = 0.00005 * 255  # they are published to four places, of pixels from 0 to 1


@cache
def missing(name: str) -> str:
    """Why a data set cannot be had; empty if it is here. What is damaged or changed is an error, not a reason."""
    try:
        get_dataset(KNOWN[name], SourceChoice.PACKAGE)
    except TaskError as error:
        if "cannot be got" not in str(error) or "expected" in str(error):
            raise
        return str(error)
    return ""


def real(name: str) -> Dataset:
    """The data set, from the user's own folder, or got into it."""
    if reason := missing(name):
        pytest.skip(f"REAL DATA NOT AVAILABLE: {reason}")
    return load_dataset(name)


def test_every_data_set_has_its_facts() -> None:
    assert [*FACTS] == [*KNOWN]


@pytest.mark.parametrize("name", FACTS)
def test_a_real_data_set_is_what_its_authors_published(name: str) -> None:
    dataset = real(name)
    labels, pixels, means, deviations = FACTS[name]
    facts = dataset_facts(name)
    assert facts["sha256"] == KNOWN[name].sha256
    assert dataset.train.labels[:10].tolist() == labels
    assert dataset.train.pixels[0, :3].tolist() == pixels
    np.testing.assert_allclose(facts["channel_means"], means, rtol=0, atol=ROUNDED)
    np.testing.assert_allclose(facts["channel_deviations"], deviations, rtol=0, atol=ROUNDED)
    assert {each["test"] for each in facts["classes"]} == {1000} or name == "mnist"


def test_mnist_has_the_train_images_of_the_original_file() -> None:
    head = bytes([0, 0, 8, 3]) + np.array((60000, 28, 28), ">u4").tobytes()
    content = hashlib.md5(head + real("mnist").train.pixels.tobytes(), usedforsecurity=False)
    assert content.hexdigest() == "6bbc9ace898e44ae57da46a324031adb"
