"""The arrays of a data set."""

from __future__ import annotations

import numpy as np
from support.data.tiny_images import tiny_arrays

from automl_zero.tasks.datasets.images import arrays_sha256


def test_the_hash_depends_on_every_array() -> None:
    arrays = tiny_arrays()
    changed = [arrays._replace(**{name: array + np.uint8(1)}) for name, array in arrays._asdict().items()]
    assert len({arrays_sha256(each) for each in (arrays, *changed)}) == 5
