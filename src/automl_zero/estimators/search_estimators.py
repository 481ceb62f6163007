"""Estimators of scikit-learn that evolve a learning algorithm for the data they are given, and train it on them."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from functools import partial
from numbers import Integral
from time import monotonic
from typing import Any, Self

import numpy as np

from automl_zero.estimators.estimator import ProgramClassifier, ProgramRegressor
from automl_zero.estimators.model import Model, TrainingPlan, fit_model
from automl_zero.estimators.program_estimators import check_number, seed_of
from automl_zero.estimators.proxy_tasks import build_proxy_tasks
from automl_zero.estimators.search_budget import KNOWN, SearchBudget
from automl_zero.estimators.table_search import Ranked, SearchOutcome, TableSearch, epochs_in_the_end
from automl_zero.program.program import Program
from automl_zero.program.text import to_text
from automl_zero.run.record.signals import Interrupt
from automl_zero.run.stop_control import run_apart
from automl_zero.system.processors import usable_processors
from automl_zero.tasks.task import FloatArray
from automl_zero.terminal.output import echo
from automl_zero.vm.stop_flag import Stopped

LEAST_ROWS = 6  # so that there are some for every purpose
PROBED = 16  # one of so many rows is trained on first, to see how long all of them take
LEAST_SHARE = 0.5  # of the training on the rehearsal's rows; with less in the end, what was learnt there is better


class AutoMLZeroClassifier(ProgramClassifier):
    """A classifier that evolves its learning algorithm.

    A quarter of the rows (at most 1000) is put aside to choose. On the others, the constants of known algorithms (a
    linear model and a two-layer net) are tuned, populations of programs are evolved, and the best of these are tuned,
    too. Whatever does best on the rows that were put aside is trained on all rows, several times, and predictions are
    the mean. By default evolution begins with the known algorithms, since this gives the best predictions in little
    time; where nothing evolved is better by more than a standard error, a known one is used, and ``leaderboard_`` says
    so. To see what evolution finds by itself, use ``initial="empty"``; the known algorithms are rivals then, and may
    still win.

    Features must be numbers; missing ones become the mean. A net's time grows with the square of their number: of more
    than a hundred, make fewer first, by PCA for example. The first use on a machine compiles the engine, which takes a
    minute or two and does not count. Ctrl-C ends the search: the best so far is used, and a ``IncompleteFitWarning``
    says so; a second one raises ``KeyboardInterrupt``.

    Args:
        max_seconds: for all of it, training in the end included; None is no limit. Compilation does not count.
        max_programs: that evolution makes; None is no limit. Where it is reached before the seconds are over, the same
            ``random_state`` gives the same result.
        random_state: decides everything, the order of rows and random ops included.
        n_jobs: threads; -1 is one for each usable processor. They change no result, unless the clock ends the search.
        initial: what evolution begins with: ``known``, ``empty``, ``random``, the name of a library program, or a file.
        width: vectors have at least so many elements, zeros beyond the features; a net has as many hidden units.
        members: how often the algorithm is trained in the end; a prediction is the mean of theirs, of numbers that of
            their middle half.
        preset: whose config the search has; ``overrides``: of its keys, such as ``["islands.count=8"]``.
        verbose: 1 prints how far it is.

    Attributes:
        program_: the algorithm, as a ``Program``; ``program_text_``: as text.
        leaderboard_: the programs, best first: dictionaries with ``name``, ``is_evolved`` (from the populations; all
            that differs from a known one may be constants), ``score`` (accuracy, or R^2 of a regressor, on the rows
            that were put aside), ``doubt`` (the standard error by which it has to be above the best known one),
            ``tune_fitness`` (on the rows that it was tuned on), ``epochs``, ``instructions`` and ``program`` (its
            text). The first was chosen for its score, so expect a little less of it on new rows.
        history_: the course of the search: dictionaries with ``programs``, ``seconds`` and ``best_fitness``.
        classes_: [C] the classes, sorted.
        model_: what was learnt, as a ``Model``.

    Example:
        >>> classifier = AutoMLZeroClassifier(max_seconds=60, random_state=0).fit(x, y)
        >>> print(classifier.program_text_)
    """

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
        x, y = self._examples(X, y, LEAST_ROWS)
        numbers = self._numbered(y)
        _evolve(self, x, numbers, len(self.classes_))
        return self


class AutoMLZeroRegressor(ProgramRegressor):
    """A regressor that evolves its learning algorithm.

    As ``AutoMLZeroClassifier``, which tells what the arguments and attributes are. The target is scaled to mean 0 and
    deviation 1 for the programs, and predictions are scaled back.

    Example:
        >>> regressor = AutoMLZeroRegressor(max_seconds=60, random_state=0).fit(x, y)
        >>> regressor.leaderboard_[0]
    """

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
        x, y = self._examples(X, y, LEAST_ROWS)
        _evolve(self, x, np.asarray(y, np.float64), 0)
        return self


def _evolve(estimator: Any, x: FloatArray, y: FloatArray, num_classes: int) -> None:
    """Set what came of the search, and train the best program; one whose training fails gives way to the next.

    The first Ctrl-C ends the search, and what was found so far is used; the second one raises KeyboardInterrupt.
    """
    seed, width, members = seed_of(estimator.random_state), estimator.width, estimator.members
    check_number("width", width, width >= 1, "of at least 1")
    check_number("members", members, members >= 1, "of at least 1")
    budget = _search_budget(estimator)
    with Interrupt(signals=(signal.SIGINT,), ends_process=False) as interrupt:
        with interrupt.in_setup():
            finder = TableSearch(build_proxy_tasks(x, y, num_classes, width, seed), budget, seed, len(x))
            run_apart(finder.compile)
        interrupt.request_stop = finder.stopping.request_stop
        try:
            found, estimator.program_, estimator.model_, is_whole = run_apart(partial(_found, finder, x, y))
        except Stopped:
            if interrupt():
                raise KeyboardInterrupt("interrupted before anything was learnt") from None
            raise ValueError(
                f"max_seconds = {budget.max_seconds} is over before any algorithm is trained on these {len(x)} rows of "
                f"{x.shape[1]} columns: raise it, or use fewer columns"
            ) from None
    estimator.leaderboard_ = [_row(ranked) for ranked in found.ranked]
    estimator.history_ = [asdict(point) for point in found.course]
    if interrupt():
        estimator.warn_of_incomplete_fit("fit was interrupted: the best that was found so far is used")
    elif not is_whole:
        estimator.warn_of_incomplete_fit(
            f"max_seconds = {budget.max_seconds} did not suffice to train on all {len(x)} rows: what was learnt from "
            f"{len(finder.suite.refit_data.x)} of them is used; raise it for a better model"
        )
    if estimator.model_.has_failed:
        estimator.warn_of_failure(TrainingPlan.max_abs_error)


def _found(finder: TableSearch, x: FloatArray, y: FloatArray) -> tuple[SearchOutcome, Program, Model, bool]:
    """Search, and train what was found; gives what came of it, and whether that was trained on all rows.

    Raises:
        Stopped: it was over before anything was learnt.
    """
    with finder.stopping as stopping:
        stopping.begin()
        found = finder.find()
        for ranked in found.ranked:
            model = _trained(finder, found, ranked, x, y)
            if model is None or not model.has_failed:
                break
    return found, ranked.program, model or found.judged[ranked.program].model, model is not None


def _trained(finder: TableSearch, found: SearchOutcome, ranked: Ranked, x: FloatArray, y: FloatArray) -> Model | None:
    """A program trained on all rows, as often as there is time; None where that is not worth it."""
    judged, rows, stopping = found.judged[ranked.program], finder.suite.refit_data, finder.stopping

    def trained_on(count: int, epochs: int) -> Model:
        plan = TrainingPlan(epochs, width=rows.width, members=finder.budget.members, seed=finder.seed)
        return fit_model(ranked.program, x[:count], y[:count], rows.num_classes, plan, stopping.scoring)

    epochs = epochs_in_the_end(ranked.epochs, len(x))
    if stopping.left < np.inf:
        if len(x) > PROBED * len(rows.x):  # so many more that what they take has to be seen
            began = monotonic()
            trained_on(len(x) // PROBED, 1)
            judged = replace(judged, row_seconds=(monotonic() - began) / (len(x) // PROBED))
        epochs = min(epochs, judged.affordable_epochs(len(x), stopping.left))
        if epochs * len(x) < LEAST_SHARE * ranked.epochs * len(rows.x):
            return None
    model = trained_on(len(x), epochs)
    return None if stopping.scoring.is_set and model.has_failed else model


def _search_budget(estimator: Any) -> SearchBudget:
    """How much an estimator may spend.

    Raises:
        ValueError: a limit is not above 0, or there is none at all.
    """
    seconds, programs = estimator.max_seconds, estimator.max_programs
    if seconds is None and programs is None:
        raise ValueError("max_seconds and max_programs are both None, so the search would never end: set one of them")
    for name, limit in (("max_seconds", seconds), ("max_programs", programs)):
        check_number(name, limit, limit is None or limit > 0, "above 0, or None")
    tell = echo if estimator.verbose else lambda _: None
    overrides = tuple(estimator.overrides or ())
    threads, members = _threads(estimator.n_jobs), estimator.members
    return SearchBudget(seconds, programs, estimator.initial, estimator.preset, overrides, threads, members, tell)


def _threads(n_jobs: int | None) -> int:
    """The number of threads that scikit-learn's argument stands for.

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


def _row(ranked: Ranked) -> dict[str, Any]:
    """A program of the leaderboard, as plain values."""
    values = {field.name: getattr(ranked, field.name) for field in fields(ranked)}
    return values | {"instructions": len(ranked.program), "program": to_text(ranked.program)}
