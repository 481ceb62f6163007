"""A run gives up where the same work is lost again and again, each time with its worker."""

from __future__ import annotations

from collections import Counter

import pytest
from support.runs.small_config import small_config

from automl_zero.run.distributed.worker_pool import MAX_LOSSES, count_losses, workers_wanted
from automl_zero.run.islands.engine import ClusterError


def test_each_island_of_each_concurrent_experiment_can_use_a_worker() -> None:
    assert workers_wanted(small_config(experiment={"concurrent": 4})) == 3 * 4


def test_losses_of_different_islands_are_counted_apart() -> None:
    losses: Counter[int] = Counter()
    for _ in range(MAX_LOSSES):
        count_losses(losses, [1, 2], "island")
    with pytest.raises(ClusterError, match="island 2 was lost 11 times, each time with its process: check the logs"):
        count_losses(losses, [2], "island")
