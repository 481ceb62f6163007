from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from support.runs.sample_events import selection
from support.runs.saved_states import RUN_STATE, snapshot

from automl_zero.run.checkpoint.snapshot import Snapshot, load_arrays, named_arrays
from automl_zero.run.record.run_folder import StoreError


class Inner(NamedTuple):
    a: np.ndarray
    b: np.ndarray


class Outer(NamedTuple):
    inner: Inner
    c: np.ndarray


STATE = Outer(Inner(np.zeros(2), np.ones((2, 3), np.int64)), np.zeros(1))


def test_arrays_are_named_by_the_fields_on_the_way_to_them() -> None:
    found = dict(named_arrays(STATE, "islands.0"))
    assert list(found) == ["islands.0.inner.a", "islands.0.inner.b", "islands.0.c"]
    assert found["islands.0.inner.b"] is STATE.inner.b


def test_what_is_neither_array_nor_named_tuple_is_no_state() -> None:
    with pytest.raises(AttributeError):
        list(named_arrays(STATE._replace(c=3), "island"))  # type: ignore[arg-type]


def test_saved_values_go_into_the_arrays_that_are_there() -> None:
    arrays: dict[str, Any] = {"a": np.zeros(3), "b": np.zeros(1, np.int64)}
    place = arrays["a"]
    load_arrays(arrays, {"a": np.array([1.0, np.nan, -0.0]), "b": np.array([5])})
    assert place.tobytes() == np.array([1.0, np.nan, -0.0]).tobytes()
    assert (arrays["a"] is place, arrays["b"][0]) == (True, 5)


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        ({"a": np.zeros(3)}, "it has no b"),
        ({"a": np.zeros(3), "b": np.zeros(1, np.int64), "x": np.zeros(1)}, "it has x, for which there is no place"),
        ({"a": np.zeros(4), "b": np.zeros(1, np.int64)}, r"a is float64\[4\], but float64\[3\] is needed"),
        ({"a": np.zeros(3), "b": np.zeros(1)}, r"b is float64\[1\], but int64\[1\] is needed"),
    ],
    ids=["missing", "unknown", "shape", "type"],
)
def test_values_that_do_not_fit_are_named_and_change_nothing(saved: dict[str, Any], message: str) -> None:
    arrays = {"a": np.full(3, 7.0), "b": np.full(1, 7)}
    with pytest.raises(StoreError, match=message):
        load_arrays(arrays, saved)
    assert [list(each) for each in arrays.values()] == [[7.0] * 3, [7]]


def test_the_digest_is_that_of_the_state_and_not_of_the_clock_or_of_what_was_reported() -> None:
    later = replace(RUN_STATE, seconds=99.0, num_events=13, selections=(replace(selection(0.5, True), seconds=77.0),))
    assert Snapshot(later, snapshot().arrays).digest == snapshot().digest
    assert len(snapshot().digest) == 64


CHANGES: list[dict[str, Any]] = [
    {"experiment": 2},
    {"epoch": 8},
    {"fitness": 0.3},
    {"improved_at": 351},
    {"best_fitness": 0.76},
    {"finished_counters": {"programs": 501, "evaluated": 0}},
    {"num_finished": 2},
    {"selections": (selection(0.25, True),)},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_every_value_of_the_record_counts_in_the_digest(change: dict[str, Any]) -> None:
    assert snapshot(**change).digest != snapshot().digest


@pytest.mark.parametrize(
    "arrays",
    [
        {"a": np.array([[0.0, 1, 2], [3, 4, 6]])},
        {"a": np.arange(6.0)},
        {"a": np.arange(6).reshape(2, 3)},
        {"b": np.array([np.nan, 0.0])},
        {"d": np.zeros(0)},
    ],
    ids=["value", "shape", "type", "sign of zero", "name"],
)
def test_every_bit_of_the_arrays_counts_in_the_digest(arrays: dict[str, Any]) -> None:
    assert Snapshot(RUN_STATE, {**snapshot().arrays, **arrays}).digest != snapshot().digest


def test_the_order_of_the_arrays_does_not_count() -> None:
    turned = dict(reversed(snapshot().arrays.items()))
    assert Snapshot(RUN_STATE, turned).digest == snapshot().digest
