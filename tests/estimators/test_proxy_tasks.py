"""Tasks of a table never train on held-out rows."""

from __future__ import annotations

import numpy as np

from automl_zero.estimators.proxy_tasks import build_proxy_tasks
from automl_zero.tasks.task import Loss


def test_held_out_rows_are_seen_by_nothing_else() -> None:
    x = np.arange(200.0)[:, None]
    tasks = build_proxy_tasks(x, np.arange(200.0) % 2, 2, 1, seed=0)
    sizes = [len(np.unique(tasks.select.valid_x[0][:, 0])), tasks.select.num_train_examples]
    assert sizes == [50, 150]
    assert tasks.search.num_train_examples + tasks.search.num_valid_examples == 150
    assert not set(tasks.refit_data.x[:, 0]) & set(tasks.refit_data.holdout_x[:, 0])
    assert len(tasks.refit_data.x) + len(tasks.refit_data.holdout_x) == 200
    for each in (tasks.search, tasks.tune):
        assert (each.loss, each.num_classes) == (Loss.ACCURACY, 2)


def test_many_features_are_projected_in_search_alone() -> None:
    x = np.random.default_rng(0).normal(size=(40, 100))
    tasks = build_proxy_tasks(x, x[:, 0], 0, 16, seed=0)
    assert (tasks.search.num_features, tasks.tune.num_features, tasks.select.num_features) == (16, 100, 100)


def test_programs_make_fewer_steps_where_each_takes_longer() -> None:
    x = np.random.default_rng(0).normal(size=(40, 256))
    narrow, wide = (build_proxy_tasks(part, x[:, 0], 0, 16, seed=0).select.num_epochs for part in (x[:, :9], x))
    assert 1 <= wide < narrow
