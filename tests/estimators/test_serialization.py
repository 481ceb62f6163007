"""Files of estimators: read back as they were, refused if damaged or newer, and nothing in them is unpickled."""

from __future__ import annotations

import json
import os
import tracemalloc
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError

from automl_zero.estimators import AutoMLZeroRegressor, EvolvedClassifier, EvolvedRegressor
from automl_zero.estimators.serialization import FORMAT, HEADER, ModelError
from automl_zero.program.library import library_program

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"], object)[Y]
LABELS = {"int": Y, "object": NAMES, "str": NAMES.astype(str), "float": Y.astype(float), "bool": Y > 0}
FRAME = pd.DataFrame(X, columns=["a", "b", "c", "d"])
NUMBERS = load_diabetes(return_X_y=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A saved classifier."""
    path = tmp_path / "iris.npz"
    EvolvedClassifier(epochs=2, random_state=0).fit(X, Y).save(path)
    return path


def changed(path: Path, change: Any) -> Path:
    """The file with other arrays."""
    with np.load(path) as content:
        arrays = dict(content)
    header = json.loads(str(arrays[HEADER]))
    change(header, arrays)
    arrays[HEADER] = np.array(json.dumps(header))
    np.savez(path, allow_pickle=False, **arrays)
    return path


@pytest.mark.parametrize(
    "labels", [Y, NAMES, NAMES.astype(str), Y.astype(float), Y > 0], ids=["int", "object", "str", "float", "bool"]
)
@pytest.mark.parametrize("program", ["two_layer_net", library_program("multiclass_net")], ids=["name", "program"])
def test_a_classifier_comes_back_as_it_was(tmp_path: Path, labels: Any, program: Any) -> None:
    classifier = EvolvedClassifier(program, epochs=2, members=2, random_state=0).fit(FRAME, labels)
    classifier.save(tmp_path / "a.npz")
    again = EvolvedClassifier.load(tmp_path / "a.npz")
    assert (again.predict_proba(FRAME) == classifier.predict_proba(FRAME)).all()
    assert (again.predict(FRAME) == classifier.predict(FRAME)).all()
    assert again.classes_.dtype == classifier.classes_.dtype
    assert again.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert again.program_ == classifier.program_
    assert again.fit(FRAME, labels).program_ == classifier.program_


def test_a_regressor_comes_back_with_what_the_search_has_found(tmp_path: Path) -> None:
    regressor = AutoMLZeroRegressor(max_programs=40, max_seconds=None, random_state=0).fit(*NUMBERS)
    regressor.save(str(tmp_path / "a.npz"))
    again = AutoMLZeroRegressor.load(str(tmp_path / "a.npz"))
    assert (again.predict(NUMBERS[0]) == regressor.predict(NUMBERS[0])).all()
    assert (again.leaderboard_, again.history_) == (regressor.leaderboard_, regressor.history_)
    assert again.get_params() == regressor.get_params()


def test_nothing_is_overwritten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ModelError, match="exists and is not overwritten"):
        EvolvedClassifier(epochs=1).fit(X, Y).save(path)
    assert path.read_bytes() == before


def test_only_what_is_fitted_is_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        EvolvedClassifier().save(tmp_path / "a.npz")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"a\.npz does not exist"):
        EvolvedClassifier.load(tmp_path / "a.npz")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match=r"iris\.npz is not a whole file"):
        EvolvedClassifier.load(path)


def test_a_damaged_file_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path) as file:
        place = file.getinfo("vector.npy").header_offset + 200
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match=r"iris\.npz is not a whole file"):
        EvolvedClassifier.load(path)


def test_a_newer_format_is_refused(path: Path) -> None:
    with pytest.raises(ModelError, match=f"format {FORMAT + 1} .* install the newer version"):
        EvolvedClassifier.load(changed(path, lambda header, _: header.update(format=FORMAT + 1)))


def test_an_estimator_of_another_class_is_refused(path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds a EvolvedClassifier, .* use EvolvedClassifier\.load"):
        EvolvedRegressor.load(path)


@pytest.mark.parametrize("name", ["vector", "features", "epochs"])
def test_arrays_that_do_not_fit_are_refused(path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="save the estimator again"):
        EvolvedClassifier.load(changed(path, lambda _, arrays: arrays.update({name: arrays[name][..., :1]})))


@pytest.mark.parametrize("name", ["vector", "shares", "target"])
def test_an_array_that_is_missing_is_named(path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=name):
        EvolvedClassifier.load(changed(path, lambda _, arrays: arrays.pop(name)))


def test_nothing_is_unpickled(path: Path) -> None:
    with np.load(path) as content:
        arrays = dict(content) | {"classes_": np.array([print, 1, 2], object)}
    np.savez(path, **arrays)
    with pytest.raises(ModelError, match="allow_pickle"):
        EvolvedClassifier.load(path)


# What a stranger may have put into a file -----------------------------------------------------------------------------


def fitted() -> dict[str, Any]:
    """Estimators that differ in what they keep: classes one by one and all at once, text, numbers, a search."""
    search = AutoMLZeroRegressor(max_programs=40, max_seconds=None, members=2, random_state=0)
    return {
        "one by one": EvolvedClassifier(epochs=1, members=2, random_state=0).fit(FRAME, NAMES),
        "at once": EvolvedClassifier("multiclass_net", epochs=1, width=5, random_state=0).fit(X, Y),
        "two": EvolvedClassifier("logistic_regression", epochs=1, random_state=0).fit(X, Y > 0),
        "numbers": EvolvedRegressor("affine_regression", epochs=1, members=3, random_state=0).fit(*NUMBERS),
        "search": search.fit(NUMBERS[0][:60], NUMBERS[1][:60]),
    }


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Path]]:
    """Of each of them, the class and a file."""
    folder, found = tmp_path_factory.mktemp("saved"), {}
    for name, estimator in fitted().items():
        estimator.save(folder / f"{name}.npz")
        found[name] = type(estimator), folder / f"{name}.npz"
    return found


CASES = ("one by one", "at once", "two", "numbers", "search")
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2, 3, 7, 1000, 1 << 40, 1 << 62, (1 << 63) - 1, 1 << 63, 1 << 70, 0.5, -2.5, 1e308,
    float("nan"), float("inf"), "", "rmse", "accuracy", "float16", "float32", "float64", "int64", "EvolvedRegressor",
    "x" * 300, "def Setup():\n  m3 = s2 * m1\ndef Predict():\n  s1 = dot(v0, v9)\ndef Learn():\n", [], ["classes_"],
    [1], [3, 7, 0], [2, 10, -1], [2, 0, 0], [1 << 62, 10, 0], [2, 1 << 62, 0], {}, {"a": 1}, {"leaderboard_": 3},
    {"history_": [[1]]}, {"__class__": []},
)  # fmt: skip
PLACES = ("", "parameters.epochs", "parameters.program", "parameters.members", "parameters.width", "numbers.0",
          "numbers.1", "numbers.2", "attributes.leaderboard_", "attributes.history_", "parameters.unknown")  # fmt: skip


def works_or_is_refused(kind: Any, path: Path) -> bool:
    """Whether it was loaded; it then predicts what its kind predicts."""
    x = np.vstack([X, 1e300 * X, np.nan * X]) if issubclass(kind, EvolvedClassifier) else np.vstack([NUMBERS[0]] * 2)
    try:
        estimator = kind.load(path)
    except ModelError:
        return False
    if x.shape[1] != estimator.n_features_in_:
        x = np.zeros((5, estimator.n_features_in_))
    if hasattr(estimator, "classes_"):
        shares = estimator.predict_proba(pd.DataFrame(x, columns=getattr(estimator, "feature_names_in_", None)))
        assert shares.shape == (len(x), len(estimator.classes_))
        np.testing.assert_allclose(shares.sum(axis=1), 1.0)
        assert (shares >= 0).all()
    else:
        values = estimator.predict(x)
        assert values.shape == (len(x),)
        assert values.dtype == np.float64
        assert np.isfinite(values).all()
    assert all(isinstance(row, dict) for name in ("leaderboard_", "history_") for row in getattr(estimator, name, []))
    return True


def put(values: Any, place: Sequence[Any], value: Any) -> None:
    for key in place[:-1]:
        values = values[key]
    values[place[-1]] = value


def copied(path: Path, folder: Path, change: Any) -> Path:
    copy = folder / "changed.npz"
    copy.write_bytes(path.read_bytes())
    return changed(copy, change)


HEADER_FIELDS = ("version", "estimator", "parameters", "program", "loss", "numbers", "dtype", "columns", "members",
                 "objects", "attributes", "format")  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@given(
    place=st.sampled_from([*HEADER_FIELDS, *filter(None, PLACES)]),
    value=st.sampled_from(VALUES),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_header_is_refused_or_predicts(
    case: str, place: str, value: Any, saved: dict[str, tuple[Any, Path]], tmp_path: Path
) -> None:
    kind, path = saved[case]
    keys = [int(key) if key.isdecimal() else key for key in place.split(".")]
    works_or_is_refused(kind, copied(path, tmp_path, lambda header, _: put(header, keys, value)))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("field", HEADER_FIELDS)
def test_a_header_without_a_field_is_refused(
    case: str, field: str, saved: dict[str, tuple[Any, Path]], tmp_path: Path
) -> None:
    kind, path = saved[case]
    assert not works_or_is_refused(kind, copied(path, tmp_path, lambda header, _: header.pop(field)))


NUMBERS_IN = (np.nan, np.inf, -np.inf, -1.0, 0.0, 1.0, 1e308, -1e308, 1e19)
SHAPES: dict[str, Any] = {
    "flat": lambda array: array.ravel(),
    "deeper": lambda array: array[None],
    "turned": lambda array: array.T,
    "shorter": lambda array: array[:-1],
    "narrower": lambda array: array[..., :-1],
    "empty": lambda array: array[:0],
    "twice": lambda array: np.concatenate([array, array]),
    "single": lambda array: np.array(3, array.dtype),
    "huge and empty": lambda array: np.empty((0, 1 << 40), array.dtype),
    **{
        kind: lambda array, kind=kind: np.zeros(array.shape, kind)
        for kind in ("i8", "i1", "u8", "f4", "f2", "f8", "c16", "?", "U3", "M8[s]", "i4,f8")
    },
}
ARRAYS = ("features", "target", "shares", "epochs", "scalar", "vector", "matrix", "classes_", "feature_names_in_")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ARRAYS)
def test_any_shape_and_type_of_an_array_is_refused_or_predicts(
    case: str, name: str, saved: dict[str, tuple[Any, Path]], tmp_path: Path
) -> None:
    kind, path = saved[case]

    def changing(change: Any) -> Any:
        return lambda _, arrays: name in arrays and arrays.update({name: change(arrays[name])})

    for change in SHAPES.values():
        works_or_is_refused(kind, copied(path, tmp_path, changing(change)))


@pytest.mark.parametrize("case", CASES)
@given(name=st.sampled_from(ARRAYS[:7]), place=st.integers(0, 1 << 30), value=st.sampled_from(NUMBERS_IN))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_number_in_an_array_is_refused_or_predicts(
    case: str, name: str, place: int, value: float, saved: dict[str, tuple[Any, Path]], tmp_path: Path
) -> None:
    kind, path = saved[case]

    def change(_: Any, arrays: Any) -> None:
        array = arrays[name].copy()
        if array.size:
            whole = array.dtype.kind == "i"
            array.flat[place % array.size] = int(np.clip(np.nan_to_num(value), -(2**62), 2**62)) if whole else value
        arrays[name] = array

    works_or_is_refused(kind, copied(path, tmp_path, change))


@pytest.mark.parametrize(
    ("case", "field", "value", "message"),
    [
        ("one by one", "loss", "rmse", "a loss or a number of classes that do not fit its estimator"),
        ("numbers", "loss", "accuracy", "a loss or a number of classes that do not fit its estimator"),
        ("one by one", "members", 4, "members that do not fit its memory"),
        ("one by one", "members", 0, r"wrong members \(Input should be greater than or equal to 1\)"),
        ("one by one", "dtype", "int8", "wrong dtype"),
        ("one by one", "columns", 5, "scales of the features that do not fit 5 columns|feature_names_in_ that"),
        ("search", "attributes", {"leaderboard_": ["a"]}, r"wrong attributes\.leaderboard_\.0"),
        ("two", "parameters", {"epochs": "many"}, "wrong parameter epochs = 'many'"),
    ],
)
def test_what_is_wrong_is_named(
    case: str, field: str, value: Any, message: str, saved: dict[str, tuple[Any, Path]], tmp_path: Path
) -> None:
    kind, path = saved[case]
    with pytest.raises(ModelError, match=rf"changed\.npz has .*({message}).*: save the estimator again"):
        kind.load(copied(path, tmp_path, lambda header, _: header.update({field: value})))


def test_what_nobody_asks_for_is_not_unpacked(path: Path) -> None:
    zeros = np.zeros(100 << 20, np.uint8)
    with np.load(path) as content:
        np.savez_compressed(path.with_name("b.npz"), allow_pickle=False, **dict(content), junk=zeros)
    tracemalloc.start()
    try:
        assert len(EvolvedClassifier.load(path.with_name("b.npz")).classes_) == 3
        assert tracemalloc.get_traced_memory()[1] < zeros.nbytes // 10
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["pipe", "folder"])
def test_what_is_no_regular_file_is_refused_at_once(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelError, match="is not a whole file of an estimator"):
        EvolvedClassifier.load(tmp_path / name)
