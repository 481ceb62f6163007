"""Compare the searching estimators with those of scikit-learn.

``python benchmarks/experiments/estimators.py`` writes ``docs/results/estimators.md``. Every method gets the same
seconds for each fold, on one thread. The other methods try their defaults and then random settings, each scored by
cross-validation within the training rows, until the time is over or ``MAX_SETTINGS`` were tried.
"""

from __future__ import annotations

import argparse
import os
import platform
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from time import monotonic
from typing import Any

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from automl_zero.estimators import AutoMLZeroClassifier, AutoMLZeroRegressor, EvolvedClassifier, EvolvedRegressor
from automl_zero.run.record.environment import processor

PAGE = Path(__file__).parents[2] / "docs" / "results" / "estimators.md"
MAX_SETTINGS = 60
NAMES = {"evolved": "AutoML-Zero", "linear": "linear", "mlp": "MLP", "boosting": "boosting"}
Data = tuple[Any, Any]
Settings = Mapping[str, Callable[[np.random.Generator], Any]]

DATASETS: dict[str, tuple[bool, Callable[[], Data]]] = {  # whether to classify, and the rows
    "breast_cancer": (True, partial(datasets.load_breast_cancer, return_X_y=True)),
    "wine": (True, partial(datasets.load_wine, return_X_y=True)),
    "iris": (True, partial(datasets.load_iris, return_X_y=True)),
    "digits": (True, partial(datasets.load_digits, return_X_y=True)),
    "moons": (True, partial(datasets.make_moons, 1000, noise=0.25, random_state=0)),
    "classification": (
        True,
        partial(datasets.make_classification, 2000, 20, n_informative=8, n_classes=3, flip_y=0.05, random_state=0),
    ),
    "diabetes": (False, partial(datasets.load_diabetes, return_X_y=True)),
    "friedman1": (False, partial(datasets.make_friedman1, 2000, noise=1.0, random_state=0)),
    "friedman2": (False, partial(datasets.make_friedman2, 2000, noise=100.0, random_state=0)),
    "friedman3": (False, partial(datasets.make_friedman3, 2000, noise=0.1, random_state=0)),
    "regression": (False, partial(datasets.make_regression, 500, 20, n_informative=10, noise=50.0, random_state=0)),
}


@dataclass(frozen=True)
class Cell:
    """The result of a method on a fold of a data set.

    Attributes:
        score: The score on the test rows of the fold.
        seconds: The duration of ``fit``.
        chosen: What the method chose: the kind of algorithm, or the number of settings tried.
        known: For an estimator that evolves, the score of the best known algorithm, trained in the same way.
    """

    dataset: str
    method: str
    fold: int
    score: float
    seconds: float
    chosen: str
    known: float | None = None


def main() -> None:
    """Measure all cells in parallel processes, and write the page."""
    arguments = _arguments()
    cells = list(product(arguments.data, NAMES, range(arguments.folds)))
    measure = partial(_measure, folds=arguments.folds, seconds=arguments.seconds)
    for dataset in arguments.data:
        _measure((dataset, "evolved", 0), folds=arguments.folds, seconds=0.1)  # compiles what is missing
    with ProcessPoolExecutor(arguments.jobs, get_context("spawn")) as pool:
        found = []
        for cell in pool.map(measure, cells):
            found.append(cell)
            print(*asdict(cell).values(), flush=True)
    page = "\n".join(_page(found, arguments)) + "\n"
    arguments.out.write_text(page, encoding="utf-8")
    print(f"wrote {arguments.out}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="for each method on each fold")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2, help="processes, no more than there are cores")
    parser.add_argument("--data", nargs="+", choices=list(DATASETS), default=list(DATASETS))
    parser.add_argument("--out", type=Path, default=PAGE)
    return parser.parse_args()


def _measure(cell: tuple[str, str, int], folds: int, seconds: float) -> Cell:
    dataset, method, fold = cell
    classifies, make = DATASETS[dataset]
    x, y = make()
    splitter = (StratifiedKFold if classifies else KFold)(folds, shuffle=True, random_state=0)
    train, test = list(splitter.split(x, y))[fold]
    began = monotonic()
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the MLP, that it has not converged
        fit = _evolved if method == "evolved" else partial(_searched, method)
        model, chosen = fit(classifies, x[train], y[train], seconds)
        spent = round(monotonic() - began, 1)
        known = float(_known(model, x[train], y[train]).score(x[test], y[test])) if method == "evolved" else None
    return Cell(dataset, method, fold, float(model.score(x[test], y[test])), spent, chosen, known)


def _evolved(classifies: bool, x: Any, y: Any, seconds: float) -> tuple[Any, str]:
    kind = AutoMLZeroClassifier if classifies else AutoMLZeroRegressor
    model = kind(max_seconds=seconds, random_state=0).fit(x, y)
    return model, "evolved" if model.leaderboard_[0]["is_evolved"] else "known"


def _known(model: Any, x: Any, y: Any) -> Any:
    """Train the algorithm that the estimator would use without evolution."""
    best = next(each for each in model.leaderboard_ if not each["is_evolved"])
    kind = EvolvedClassifier if isinstance(model, AutoMLZeroClassifier) else EvolvedRegressor
    sizes = {"epochs": best["epochs"], "width": model.width, "members": model.members}
    return kind(best["program"], **sizes, random_state=0).fit(x, y)


def _searched(method: str, classifies: bool, x: Any, y: Any, seconds: float) -> tuple[Any, str]:
    """Train the model with the best of the settings that the time allowed, on all rows."""
    model, ranges = _model(method, classifies)
    rng, began = np.random.default_rng(0), monotonic()
    best, best_score, tried = model, -np.inf, 0
    while tried < MAX_SETTINGS and monotonic() - began < seconds:
        setting = {name: draw(rng) for name, draw in ranges.items()} if tried else {}
        candidate = clone(model).set_params(**setting)
        score = float(cross_val_score(candidate, x, y, cv=3).mean())
        tried += 1
        if score > best_score:
            best, best_score = candidate, score
    return clone(best).fit(x, y), f"of {tried}"


def _model(method: str, classifies: bool) -> tuple[Any, Settings]:
    """Return an estimator and the ranges of its settings; all but the depth of trees are on a log scale."""
    if method == "linear":
        if classifies:
            return _scaled(LogisticRegression(max_iter=1000)), {"logisticregression__C": _log(1e-3, 1e3)}
        return _scaled(Ridge()), {"ridge__alpha": _log(1e-3, 1e3)}
    if method == "mlp":
        kind = MLPClassifier if classifies else MLPRegressor
        name = kind.__name__.lower()
        sizes = (16, 32, 64, 128)
        return _scaled(kind(max_iter=500, random_state=0)), {
            f"{name}__alpha": _log(1e-6, 1.0),
            f"{name}__learning_rate_init": _log(1e-4, 3e-2),
            f"{name}__hidden_layer_sizes": lambda rng: (int(rng.choice(sizes)),) * int(rng.integers(1, 3)),
        }
    boosting = HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
    return boosting(random_state=0), {
        "learning_rate": _log(1e-2, 0.5),
        "max_iter": lambda rng: int(_log(30, 500)(rng)),
        "max_depth": lambda rng: [None, 2, 3, 5][rng.integers(4)],
        "l2_regularization": _log(1e-3, 10.0),
    }


def _scaled(model: Any) -> Any:
    return make_pipeline(StandardScaler(), model)


def _log(least: float, most: float) -> Callable[[np.random.Generator], float]:
    return lambda rng: float(np.exp(rng.uniform(np.log(least), np.log(most))))


def _page(cells: Sequence[Cell], arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of the page; all its numbers are measured."""
    command = f"python benchmarks/experiments/estimators.py --seconds {arguments.seconds:g} --folds {arguments.folds}"
    yield "# Results: the estimators"
    yield ""
    yield from (line.strip() for line in INTRODUCTION.strip().splitlines())
    yield ""
    yield f"Mean of {arguments.folds} folds, {arguments.seconds:g} seconds for each method on each fold, on one thread."
    yield f"`{command} --jobs {arguments.jobs}` on {_machine()}."
    yield ""
    yield f"| data | score | {' | '.join(NAMES.values())} | best | not evolved | evolved, of {arguments.folds} |"
    yield "|---" * (len(NAMES) + 5) + "|"
    yield from (_row(dataset, cells) for dataset in arguments.data)
    yield ""
    yield from _summary(cells, arguments)


INTRODUCTION = """
This page is written by a script. `AutoML-Zero` is `AutoMLZeroClassifier` or `AutoMLZeroRegressor` with only the seconds
and a seed set. `linear` is logistic or ridge regression of scikit-learn, `MLP` its multilayer perceptron and `boosting`
its histogram gradient boosting. Each of these is tuned: the defaults and then random settings are scored by three-fold
cross-validation within the training rows, until the seconds are over or 60 settings were tried; the best setting is
trained on all training rows. Features are scaled for linear models and the MLP. `not evolved` is the score of
`AutoML-Zero` without evolution: its best known algorithm with tuned constants, trained as often. The last column counts
the folds in which the chosen algorithm is an evolved one; in the others, no evolved algorithm was better than a known
one by more than a standard error on held-out rows.
"""


def _row(dataset: str, cells: Sequence[Cell]) -> str:
    scores = _scores(dataset, cells)
    best = max(scores, key=lambda method: scores[method])
    shown = (f"**{score:.3f}**" if method == best else f"{score:.3f}" for method, score in scores.items())
    evolved = sum(cell.chosen == "evolved" for cell in cells if cell.dataset == dataset)
    kind = "accuracy" if DATASETS[dataset][0] else "R²"
    return f"| {dataset} | {kind} | {' | '.join(shown)} | {NAMES[best]} | {_without(dataset, cells):.3f} | {evolved} |"


def _without(dataset: str, cells: Sequence[Cell]) -> float:
    """Return the mean score without evolution."""
    return fmean(cell.known for cell in cells if cell.dataset == dataset and cell.known is not None)


def _scores(dataset: str, cells: Sequence[Cell]) -> dict[str, float]:
    return {
        method: fmean(cell.score for cell in cells if (cell.dataset, cell.method) == (dataset, method))
        for method in NAMES
    }


def _summary(cells: Sequence[Cell], arguments: argparse.Namespace) -> Iterator[str]:
    table = [_scores(dataset, cells) for dataset in arguments.data]
    rivals = {name: [scores[method] for scores in table] for method, name in NAMES.items() if method != "evolved"}
    rivals["not evolved"] = [_without(dataset, cells) for dataset in arguments.data]
    for name, others in rivals.items():
        gains = [scores["evolved"] - other for scores, other in zip(table, others, strict=True)]
        wins, losses = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
        yield f"- AutoML-Zero against {name}: better on {wins} data sets, worse on {losses}, of {len(table)}."
    for method, name in NAMES.items():
        seconds = [cell.seconds for cell in cells if cell.method == method]
        yield f"- `fit` of {name} took {fmean(seconds):.1f} seconds in the mean, {max(seconds):.1f} at most."


def _machine() -> str:
    load = f"{os.getloadavg()[2]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    date = datetime.now(UTC).date().isoformat()
    versions = f"Python {platform.python_version()}, scikit-learn {sklearn.__version__}"
    return f"{processor()}, {os.cpu_count()} cores (load of the last 15 minutes {load}), {versions}, {date}"


if __name__ == "__main__":
    main()
