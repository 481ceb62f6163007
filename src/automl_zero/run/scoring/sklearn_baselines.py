"""Models of scikit-learn, fitted to the training examples of each task and scored on its validation examples.

They get the same features as programs, and may read the training examples any number of times.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl_zero.config import Config
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm.fitness import score

Settings = Mapping[str, float]

EXAMPLES_SEEN = 200_000  # by the perceptron, over all passes
MAX_PASSES = 200


def load_library() -> None:
    """Import scikit-learn's models, which takes seconds on a slow machine."""
    import sklearn.linear_model
    import sklearn.neural_network  # noqa: F401 (imported for later)


def linear_scores(settings: Settings, tasks: TaskSet, _: Config) -> list[float]:
    """Return the fitness of logistic or ridge regression on each task.

    ``penalty`` of the settings is the weight of the squared coefficients.
    """
    from sklearn.linear_model import LogisticRegression, Ridge

    penalty = settings["penalty"]
    if tasks.loss is Loss.RMSE:
        return _scores(tasks, lambda: Ridge(alpha=penalty))
    return _scores(tasks, lambda: LogisticRegression(C=1 / penalty, max_iter=1000))


def perceptron_scores(settings: Settings, tasks: TaskSet, _: Config) -> list[float]:
    """Return the fitness of a multilayer perceptron with one hidden layer on each task."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    model = MLPRegressor if tasks.loss is Loss.RMSE else MLPClassifier
    passes = min(MAX_PASSES, max(1, EXAMPLES_SEEN // tasks.num_train_examples))
    return _scores(
        tasks,
        lambda: model(
            hidden_layer_sizes=(int(settings["hidden units"]),),
            learning_rate_init=settings["learning rate"],
            alpha=settings["penalty"],
            max_iter=passes,
            random_state=0,
        ),
    )


def _scores(tasks: TaskSet, new_model: Callable[[], Any]) -> list[float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about convergence, which shows in the score
        return [_fit_and_score(tasks, task, new_model()) for task in range(len(tasks))]


def _fit_and_score(tasks: TaskSet, task: int, model: Any) -> float:
    """Return the fitness of a model on one task.

    Features are standardized again, since noise in the training features may have changed their scale.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train_x, train_y, valid_x = tasks.train_x[task], tasks.train_y[task], tasks.valid_x[task]
    if tasks.loss is Loss.ACCURACY and len(np.unique(train_y)) == 1:  # scikit-learn refuses to fit a single class
        predictions = np.full(len(valid_x), train_y[0])
    else:
        predictions = make_pipeline(StandardScaler(), model).fit(train_x, train_y).predict(valid_x)
    errors = predictions - tasks.valid_y[task]
    return score(errors if tasks.loss is Loss.RMSE else (errors != 0).astype(float), tasks.loss)[1]
