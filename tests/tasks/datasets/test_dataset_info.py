"""Facts about data sets."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.data.tiny_images import tiny_arrays

from automl_zero.tasks.datasets.dataset_info import dataset_facts
from automl_zero.tasks.datasets.datasets import load_dataset
from automl_zero.tasks.datasets.sources import KnownDataset
from automl_zero.tasks.task import TaskError


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
