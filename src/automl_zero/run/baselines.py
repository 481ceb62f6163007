"""Known algorithms on exactly the tasks of a run: what an evolved program must be compared with.

A linear model from scikit-learn, fitted to optimality on each task, and the library's two-layer net, whose settings
are chosen on the select tasks, as the evolved program is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from automl_zero.config import Config
from automl_zero.program.library import library_program, two_layer_net
from automl_zero.program.program import Program
from automl_zero.run.events import Baseline, Score
from automl_zero.run.scoring import score_of, score_program
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import FloatArray, Loss, TaskSet
from automl_zero.vm.fitness import score

LEARNING_RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
INIT_SCALES = (0.03, 0.1, 0.3)
MULTICLASS_NET = "multiclass_mean_learning_rate"  # of the library: it sets its learning rate itself


def baselines(tasks: Mapping[Stage, TaskSet], config: Config) -> tuple[Baseline, ...]:
    """Score the baselines on the tasks of every stage."""
    return linear_model(tasks, config), net(tasks, config)


def linear_model(tasks: Mapping[Stage, TaskSet], config: Config) -> Baseline:
    """Logistic regression, or linear regression, fitted to each task's training examples."""
    scores = {stage: _fit_and_score(each, config.evaluation.combination) for stage, each in tasks.items()}
    kind = "linear" if tasks[Stage.FINAL].loss is Loss.RMSE else "logistic"
    return Baseline(name=f"{kind} regression", setting="scikit-learn", scores=scores)


def net(tasks: Mapping[Stage, TaskSet], config: Config) -> Baseline:
    """The library's two-layer net, at the settings that do best on the select tasks."""
    candidates = dict(_nets(tasks[Stage.SELECT].is_multiclass))
    results = {setting: score_program(each, tasks[Stage.SELECT], config) for setting, each in candidates.items()}
    setting = max(results, key=lambda each: results[each].fitness)
    scores = {stage: score_program(candidates[setting], each, config) for stage, each in tasks.items()}
    return Baseline(name="two-layer net", setting=setting, scores=scores)


def _nets(multiclass: bool) -> Iterator[tuple[str, Program]]:
    """(setting, program) of the nets to choose from."""
    if multiclass:
        yield MULTICLASS_NET, library_program(MULTICLASS_NET)
        return
    for rate, scale in product(LEARNING_RATES, INIT_SCALES):
        yield f"learning rate {rate}, first weights {scale}", two_layer_net(rate, scale)


def _fit_and_score(tasks: TaskSet, combination: str) -> Score:
    return score_of([_fit_task(tasks, task) for task in range(len(tasks))], combination)


def _fit_task(tasks: TaskSet, task: int) -> float:
    """Fitness of the linear model on one task."""
    predictions = _predictions(tasks.loss, tasks.train_x[task], tasks.train_y[task], tasks.valid_x[task])
    errors = predictions - tasks.valid_y[task]
    return score(errors if tasks.loss is Loss.RMSE else (errors != 0).astype(float), tasks.loss)[1]


def _predictions(loss: Loss, train_x: FloatArray, train_y: FloatArray, valid_x: FloatArray) -> Any:
    """What the model, fitted to the training examples, predicts for the others: numbers or class numbers."""
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if loss is Loss.RMSE:
        return LinearRegression().fit(train_x, train_y).predict(valid_x)
    if len(np.unique(train_y)) == 1:  # nothing to separate: scikit-learn refuses to fit
        return np.full(len(valid_x), train_y[0])
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(train_x, train_y).predict(valid_x)
