"""Estimators for scikit-learn that evolve a learning algorithm for their data, and train it on them."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from numbers import Integral
from time import monotonic
from typing import Any, NamedTuple, Self

import numpy as np

from automl_zero.estimators.estimator import ProgramClassifier, ProgramRegressor
from automl_zero.estimators.model import Model, TrainingPlan, fit_model
from automl_zero.estimators.program_estimators import check_number, seed_of
from automl_zero.estimators.proxy_tasks import build_proxy_tasks
from automl_zero.estimators.search_budget import KNOWN, SearchBudget
from automl_zero.estimators.search_outcome import HoldoutEvaluation, LeaderboardEntry, SearchOutcome, final_epochs
from automl_zero.estimators.table_search import TableSearch
from automl_zero.program.program import Program
from automl_zero.program.text import to_text
from automl_zero.run.record.signals import Interrupt
from automl_zero.run.stop_control import run_apart
from automl_zero.system.processors import usable_processors
from automl_zero.tasks.task import FloatArray
from automl_zero.terminal.output import echo
from automl_zero.vm.stop_flag import Stopped

MIN_ROWS = 6  # every split needs some
PROBED = 16  # if rows are many, training on one in so many comes first, to measure the time
MIN_SHARE = 0.5  # fraction of the training steps on the refit rows below which that model is the better one


class AutoMLZeroClassifier(ProgramClassifier):
    """A classifier that evolves its learning algorithm.

    A quarter of the rows (at most 1000) is held out for selection. On the other rows, the constants of known algorithms
    (a linear model and a two-layer net) are tuned, populations of programs are evolved, and the best of these are
    tuned, too. The program with the best score on the held-out rows is trained on all rows, several times, and
    predictions are the mean of the ensemble. By default, evolution starts from the known algorithms, which gives the
    best predictions in little time; where no evolved program is better by more than a standard error, a known one is
    used, and ``leaderboard_`` says so. To see what evolution finds by itself, use ``initial="empty"``; the known
    algorithms still compete then, and may win.

    Features must be numbers; missing ones become the mean. The time of a net grows with the square of their number:
    reduce more than a hundred features first, with PCA for example. The first use on a machine compiles the engine,
    which takes a minute or two and does not count. Ctrl-C ends the search: the best program so far is used, with an
    ``IncompleteFitWarning``; a second Ctrl-C raises ``KeyboardInterrupt``.

    Args:
        max_seconds: the time limit of the fit, final training included; None is no limit. Compilation does not count.
        max_programs: the number of programs to evolve; None is no limit. If it is reached before ``max_seconds``, the
            same ``random_state`` gives the same result.
        random_state: the seed of everything, the order of rows and random ops included.
        n_jobs: the number of threads; -1 is one for each usable processor. It changes no result, unless the clock ends
            the search.
        initial: the start of evolution: ``known``, ``empty``, ``random``, the name of a library program, or a file.
        width: the minimum size of vectors, with zeros beyond the features; a net has as many hidden units.
        members: the number of models in the ensemble. A prediction is their mean; for regression, the mean of their
            middle half.
        preset: the name or file of the search's config.
        overrides: overrides of its keys, such as ``["islands.count=8"]``.
        verbose: 1 prints the progress.

    Attributes:
        program_: the algorithm, as a ``Program``.
        program_text_: the algorithm as text.
        leaderboard_: the programs, best first: dictionaries with ``name``, ``is_evolved`` (whether it comes from the
            populations; it may differ from a known one in constants alone), ``score`` (accuracy, or R^2 of a regressor,
            on the held-out rows), ``doubt`` (the standard error of the difference in score from the best known program;
            its score must be higher by more than that), ``tune_fitness`` (on the rows that it was tuned on),
            ``epochs``, ``instructions`` and ``program`` (its text). The first one was selected by its score, so expect
            a little less on new rows.
        history_: the search over time: dictionaries with ``programs``, ``seconds`` and ``best_fitness``.
        classes_: [C] the classes, sorted.
        model_: the trained ensemble, as a ``Model``.

    Example:
        >>> classifier = AutoMLZeroClassifier(max_seconds=60, random_state=0).fit(x, y)
        >>> print(classifier.program_text_)
    """

    # form: scikit-learn sets and copies each hyper-parameter of an estimator by its own name
    def __init__(
        self,
        *,
        max_seconds: float | None = 60.0,
        max_programs: int | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        initial: str = KNOWN,
        width: int = 16,
        members: int = 8,
        preset: str = "table",
        overrides: Sequence[str] | None = None,
        verbose: int = 0,
    ) -> None:
        self.max_seconds = max_seconds
        self.max_programs = max_programs
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.initial = initial
        self.width = width
        self.members = members
        self.preset = preset
        self.overrides = overrides
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 -- scikit-learn's name
        """Evolve an algorithm for rows ``X`` [rows, columns] of the classes ``y`` [rows], and train it on them.

        Raises:
            ConfigError, ProgramError: the settings of the search cannot be used.
            ValueError: the data or a parameter cannot be used.
        """
        x, y = self._examples(X, y, MIN_ROWS)
        numbers = self._numbered(y)
        _search(self, x, numbers, len(self.classes_))
        return self


# Both constructors have a parameter for each setting: scikit-learn reads the parameters of an estimator from the
# signature of its own __init__, which must store them unchanged.
class AutoMLZeroRegressor(ProgramRegressor):
    """A regressor that evolves its learning algorithm.

    See ``AutoMLZeroClassifier`` for the arguments and attributes. Programs see the target scaled to mean 0 and standard
    deviation 1, and predictions are scaled back.

    Example:
        >>> regressor = AutoMLZeroRegressor(max_seconds=60, random_state=0).fit(x, y)
        >>> regressor.leaderboard_[0]
    """

    # form: scikit-learn sets and copies each hyper-parameter of an estimator by its own name
    def __init__(
        self,
        *,
        max_seconds: float | None = 60.0,
        max_programs: int | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        initial: str = KNOWN,
        width: int = 16,
        members: int = 8,
        preset: str = "table",
        overrides: Sequence[str] | None = None,
        verbose: int = 0,
    ) -> None:
        self.max_seconds = max_seconds
        self.max_programs = max_programs
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.initial = initial
        self.width = width
        self.members = members
        self.preset = preset
        self.overrides = overrides
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Evolve an algorithm for rows ``X`` [rows, columns] of the numbers ``y`` [rows], and train it on them.

        Raises:
            ConfigError, ProgramError: the settings of the search cannot be used.
            ValueError: the data or a parameter cannot be used.
        """
        x, y = self._examples(X, y, MIN_ROWS)
        _search(self, x, np.asarray(y, np.float64), 0)
        return self


class _Fit(NamedTuple):
    """The result of a search with the final training; ``is_complete`` is whether the model has seen all rows."""

    outcome: SearchOutcome
    program: Program
    model: Model
    is_complete: bool


def _search(estimator: Any, x: FloatArray, y: FloatArray, num_classes: int) -> None:
    """Evolve and train, and set the fitted attributes; a program whose training fails is replaced by the next one.

    The first Ctrl-C ends the search, and the best program so far is used; the second one raises KeyboardInterrupt.
    """
    seed, width, members = seed_of(estimator.random_state), estimator.width, estimator.members
    check_number("width", width, width >= 1, "of at least 1")
    check_number("members", members, members >= 1, "of at least 1")
    budget = _search_budget(estimator)
    with Interrupt(signals=(signal.SIGINT,), ends_process=False) as interrupt:
        with interrupt.in_setup():
            search = TableSearch(
                tasks=build_proxy_tasks(x, y, num_classes, width, seed), budget=budget, seed=seed, num_rows=len(x)
            )
            run_apart(search.compile)
        interrupt.request_stop = search.stopping.request_stop
        try:
            fit = run_apart(partial(_search_and_train, search, x, y))
        except Stopped:
            if interrupt():
                raise KeyboardInterrupt("interrupted before anything was learned") from None
            raise ValueError(
                f"max_seconds = {budget.max_seconds} is over before any algorithm is trained on these {len(x)} rows of "
                f"{x.shape[1]} columns: raise it, or use fewer columns"
            ) from None
    estimator.program_, estimator.model_ = fit.program, fit.model
    estimator.leaderboard_ = [_row(entry) for entry in fit.outcome.ranked]
    estimator.history_ = [asdict(point) for point in fit.outcome.curve]
    if interrupt():
        estimator.warn_of_incomplete_fit("fit was interrupted: the best program so far is used")
    elif not fit.is_complete:
        estimator.warn_of_incomplete_fit(
            f"max_seconds = {budget.max_seconds} did not suffice to train on all {len(x)} rows: the model trained on "
            f"{len(search.tasks.refit_data.x)} of them is used; raise it for a better model"
        )
    if estimator.model_.has_failed:
        estimator.warn_of_failure(TrainingPlan.max_abs_error)


def _search_and_train(search: TableSearch, x: FloatArray, y: FloatArray) -> _Fit:
    """Search, and train the best program whose training does not fail.

    Raises:
        Stopped: the search was stopped before anything was learned.
    """
    with search.stopping as stopping:
        stopping.begin()
        outcome = search.run()
        for entry in outcome.ranked:
            model = _trained(search, outcome.evaluations[entry.program], entry, x, y)
            if model is None or not model.has_failed:
                break
    # Without time for all rows, the model of the evaluation on the held-out rows is used.
    return _Fit(
        outcome=outcome,
        program=entry.program,
        model=model or outcome.evaluations[entry.program].model,
        is_complete=model is not None,
    )


def _trained(
    search: TableSearch, evaluation: HoldoutEvaluation, entry: LeaderboardEntry, x: FloatArray, y: FloatArray
) -> Model | None:
    """Train a program on all rows, for as many epochs as time allows; None where too few are possible."""
    rows, stopping = search.tasks.refit_data, search.stopping

    def trained_on(count: int, epochs: int) -> Model:
        plan = TrainingPlan(epochs, width=rows.width, members=search.budget.members, seed=search.seed)
        return fit_model(entry.program, x[:count], y[:count], rows.num_classes, plan, stopping.scoring)

    epochs = final_epochs(entry.epochs, len(x))
    if stopping.left < np.inf:
        if len(x) > PROBED * len(rows.x):  # too many to extrapolate the time of the refit rows: measure it
            began = monotonic()
            trained_on(len(x) // PROBED, 1)
            evaluation = replace(evaluation, row_seconds=(monotonic() - began) / (len(x) // PROBED))
        epochs = min(epochs, evaluation.affordable_epochs(len(x), stopping.left))
        if epochs * len(x) < MIN_SHARE * entry.epochs * len(rows.x):
            return None
    model = trained_on(len(x), epochs)
    return None if stopping.scoring.is_set and model.has_failed else model


def _search_budget(estimator: Any) -> SearchBudget:
    """Return the budget of an estimator's search.

    Raises:
        ValueError: a limit is not above 0, or both are None.
    """
    seconds, programs = estimator.max_seconds, estimator.max_programs
    if seconds is None and programs is None:
        raise ValueError("max_seconds and max_programs are both None, so the search would never end: set one of them")
    for name, limit in (("max_seconds", seconds), ("max_programs", programs)):
        check_number(name, limit, limit is None or limit > 0, "above 0, or None")
    return SearchBudget(
        max_seconds=seconds,
        max_programs=programs,
        initial=estimator.initial,
        preset=estimator.preset,
        overrides=tuple(estimator.overrides or ()),
        workers=_threads(estimator.n_jobs),
        members=estimator.members,
        on_progress=echo if estimator.verbose else lambda _: None,
    )


def _threads(n_jobs: int | None) -> int:
    """Return the number of threads for scikit-learn's ``n_jobs``.

    Raises:
        ValueError: it is 0, or no whole number.
    """
    if n_jobs is None:
        return 1
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, Integral) or n_jobs == 0:
        raise ValueError(
            f"n_jobs = {n_jobs!r} is no number of threads: use a whole number above 0, -1 for one thread for each "
            "usable processor, -2 for one less and so on, or None for one thread"
        )
    return int(n_jobs) if n_jobs > 0 else max(1, usable_processors() + 1 + int(n_jobs))


def _row(entry: LeaderboardEntry) -> dict[str, Any]:
    """Return an entry of the leaderboard as plain values."""
    return {
        "name": entry.name,
        "program": to_text(entry.program),
        "is_evolved": entry.is_evolved,
        "tune_fitness": entry.tune_fitness,
        "score": entry.score,
        "doubt": entry.standard_error,  # the public name of the column
        "epochs": entry.epochs,
        "instructions": len(entry.program),
    }
