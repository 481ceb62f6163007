"""Estimators that evolve: what is found is honest, repeatable, and better than guessing."""

from __future__ import annotations

import os
import re
import signal
from threading import Timer
from time import monotonic
from typing import Any
from warnings import catch_warnings

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine, make_moons
from sklearn.model_selection import train_test_split

import automl_zero
from automl_zero.config import ConfigError
from automl_zero.estimators import (
    AutoMLZeroClassifier,
    AutoMLZeroRegressor,
    EvolvedClassifier,
    EvolvedRegressor,
    search_estimators,
)
from automl_zero.estimators.estimator import IncompleteFitWarning
from automl_zero.estimators.program_estimators import seed_of
from automl_zero.estimators.proxy_tasks import build_proxy_tasks
from automl_zero.program.text import from_text, to_text

SMALL: dict[str, Any] = {"max_programs": 400, "max_seconds": None, "random_state": 0}
WINE, DIABETES = load_wine(return_X_y=True), load_diabetes(return_X_y=True)
MOONS = make_moons(300, noise=0.1, random_state=0)


@pytest.fixture(scope="module")
def classifier() -> Any:
    return AutoMLZeroClassifier(**SMALL).fit(*WINE)


def test_three_classes_are_learned() -> None:
    train_x, test_x, train_y, test_y = train_test_split(*WINE, random_state=0)
    assert AutoMLZeroClassifier(**SMALL).fit(train_x, train_y).score(test_x, test_y) > 0.9


def test_numbers_are_learned() -> None:
    train_x, test_x, train_y, test_y = train_test_split(*DIABETES, random_state=1)
    assert AutoMLZeroRegressor(**SMALL).fit(train_x, train_y).score(test_x, test_y) > 0.3


def test_what_no_line_can_part_is_learned() -> None:
    assert AutoMLZeroClassifier(**SMALL).fit(*MOONS).score(*MOONS) > 0.95


def test_the_result_is_the_first_of_the_leaderboard(classifier: Any) -> None:
    assert classifier.leaderboard_[0]["program"] == classifier.program_text_ == to_text(classifier.program_)
    least = [each["score"] - each["doubt"] for each in classifier.leaderboard_]
    assert least == sorted(least, reverse=True)
    assert all(from_text(each["program"]) for each in classifier.leaderboard_)


def test_known_algorithms_are_on_the_leaderboard(classifier: Any) -> None:
    known = {each["name"] for each in classifier.leaderboard_ if not each["is_evolved"]}
    assert known == {"linear model", "two-layer net"}


def test_only_evolved_programs_have_to_be_better_by_more_than_chance(classifier: Any) -> None:
    board = classifier.leaderboard_
    assert not any(each["doubt"] for each in board if not each["is_evolved"])
    assert any(each["doubt"] for each in board if each["is_evolved"])


@pytest.mark.parametrize(("kind", "data"), [(AutoMLZeroClassifier, MOONS), (AutoMLZeroRegressor, DIABETES)])
def test_the_score_is_that_of_the_program_trained_as_in_the_end_on_rows_put_aside(kind: Any, data: Any) -> None:
    rows = build_proxy_tasks(*data, 2 if kind is AutoMLZeroClassifier else 0, 16, seed=seed_of(0)).refit_data
    best = kind(**SMALL, members=2).fit(*data).leaderboard_[0]
    trained = (EvolvedClassifier if kind is AutoMLZeroClassifier else EvolvedRegressor)(
        best["program"], epochs=best["epochs"], width=16, members=2, random_state=0
    ).fit(rows.x, rows.y)
    assert trained.score(rows.holdout_x, rows.holdout_y) == pytest.approx(best["score"], abs=1e-9)


def test_numbers_that_are_all_the_same_are_learned() -> None:
    regressor = AutoMLZeroRegressor(**SMALL).fit(DIABETES[0][:20], np.full(20, 7.0))
    assert regressor.predict(DIABETES[0][:3]) == pytest.approx([7.0] * 3)
    assert 0.99 < regressor.leaderboard_[0]["score"] <= 1


def test_the_history_never_falls(classifier: Any) -> None:
    programs = [each["programs"] for each in classifier.history_]
    fitness = [each["best_fitness"] for each in classifier.history_]
    assert programs == sorted(programs)
    assert programs[-1] >= 400
    assert fitness == sorted(fitness)


@pytest.mark.parametrize("n_jobs", [1, 2, -1])
def test_the_seed_decides_everything_whatever_the_number_of_threads(classifier: Any, n_jobs: int) -> None:
    again = AutoMLZeroClassifier(**SMALL, n_jobs=n_jobs).fit(*WINE)
    assert again.leaderboard_ == classifier.leaderboard_
    assert (again.predict_proba(WINE[0]) == classifier.predict_proba(WINE[0])).all()


def test_the_clock_ends_the_search() -> None:
    with catch_warnings(action="ignore", category=IncompleteFitWarning):  # on a busy machine, half a second is nothing
        found = AutoMLZeroClassifier(max_seconds=0.5, random_state=0).fit(*MOONS)
    assert found.history_[-1]["seconds"] < 20


def test_ctrl_c_ends_a_fit_and_what_was_found_so_far_is_used() -> None:
    AutoMLZeroClassifier(**SMALL).fit(*MOONS)  # so that all is compiled
    timer, began = Timer(2.5, os.kill, (os.getpid(), signal.SIGINT)), monotonic()
    timer.start()
    with pytest.warns(IncompleteFitWarning, match="was interrupted: the best program so far is used"):
        found = AutoMLZeroClassifier(max_seconds=120, random_state=0).fit(*MOONS)
    assert monotonic() - began < 60
    assert found.score(*MOONS) > 0.8
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_ctrl_c_before_anything_is_learned_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "automl_zero.estimators.table_search.TableSearch.compile", lambda _: os.kill(os.getpid(), signal.SIGINT)
    )
    with pytest.raises(KeyboardInterrupt, match="before the search has started"):
        AutoMLZeroClassifier(max_seconds=120, random_state=0).fit(*MOONS)


def test_rows_that_there_is_no_time_for_are_left_out_with_a_warning() -> None:
    x = np.random.default_rng(0).normal(size=(400_000, 8))
    with pytest.warns(IncompleteFitWarning, match="did not suffice to train on all 400000 rows"):
        found = AutoMLZeroRegressor(max_seconds=2, random_state=0).fit(x, x[:, 0] - x[:, 1])
    assert found.score(x[:1000], x[:1000, 0] - x[:1000, 1]) > 0.5


@pytest.mark.parametrize("initial", ["empty", "random", "two_layer_net"])
def test_evolution_may_begin_with_something_else(initial: str) -> None:
    found = AutoMLZeroClassifier(**SMALL, initial=initial).fit(*MOONS)
    assert found.history_[0]["best_fitness"] < AutoMLZeroClassifier(**SMALL).fit(*MOONS).history_[0]["best_fitness"]


def test_progress_is_printed_if_asked(capsys: pytest.CaptureFixture[str]) -> None:
    AutoMLZeroClassifier(**SMALL).fit(*MOONS)
    assert capsys.readouterr().out == ""
    found = AutoMLZeroClassifier(**SMALL, verbose=1).fit(*MOONS)
    assert f"best on held-out rows: {found.leaderboard_[0]['name']}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_seconds": None}, "set one of them"),
        ({"max_seconds": 0}, "max_seconds = 0"),
        ({"max_programs": -1}, "max_programs = -1"),
        ({"members": 0}, "members = 0"),
        ({"width": 0}, "width = 0"),
    ],
)
def test_a_parameter_that_is_not_possible_is_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AutoMLZeroClassifier(**parameters).fit(*MOONS)


def test_an_override_that_is_not_possible_is_refused() -> None:
    with pytest.raises(ConfigError, match="island"):
        AutoMLZeroClassifier(**SMALL, overrides=["island.count=2"]).fit(*MOONS)


def test_estimators_are_found_in_the_package() -> None:
    assert automl_zero.AutoMLZeroClassifier is AutoMLZeroClassifier
    with pytest.raises(AttributeError, match="no attribute 'NoClassifier'"):
        automl_zero.NoClassifier  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        automl_zero.nothing  # noqa: B018


@pytest.mark.parametrize("n_jobs", [0, 1.5, True, False, "2", np.float64(2)], ids=repr)
def test_what_is_no_number_of_threads_is_refused(n_jobs: Any) -> None:
    with pytest.raises(ValueError, match=f"n_jobs = {re.escape(repr(n_jobs))} is no number of threads"):
        AutoMLZeroClassifier(**SMALL, n_jobs=n_jobs).fit(*WINE)


@pytest.mark.parametrize(
    ("n_jobs", "threads"), [(None, 1), (1, 1), (np.int64(3), 3), (-1, 4), (-2, 3), (-4, 1), (-9, 1)]
)
def test_negative_numbers_of_threads_count_from_the_usable_processors(
    n_jobs: Any, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_estimators, "usable_processors", lambda: 4)
    assert search_estimators._threads(n_jobs) == threads
