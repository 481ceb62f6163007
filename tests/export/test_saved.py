"""Files of estimators: read back as they were, refused if damaged or newer, and nothing in them is unpickled."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError

from automl_zero.export import AutoMLZeroRegressor, EvolvedClassifier, EvolvedRegressor
from automl_zero.export.saved import FORMAT, HEADER, ModelError
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
