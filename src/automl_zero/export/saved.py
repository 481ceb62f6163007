"""Fitted estimators as files: an NPZ file of arrays, one of which holds plain values as JSON.

Nothing is pickled or unpickled, nothing is overwritten, and a file is read whole or not at all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from automl_zero import __version__
from automl_zero.atomic import replacing
from automl_zero.export.model import Model
from automl_zero.export.rows import Scale
from automl_zero.program.ops import Kind
from automl_zero.program.program import Program, ProgramError
from automl_zero.program.text import from_text, to_text
from automl_zero.tasks.npz import UNREADABLE
from automl_zero.tasks.task import Loss
from automl_zero.vm.reference import shape_of
from automl_zero.vm.trained import Trained

FORMAT = 1
HEADER = "automl_zero_estimator"  # the array that holds plain values, as JSON
NAMED = ("classes_", "feature_names_in_")  # arrays that are kept, where there are any
PLAIN = ("leaderboard_", "history_")  # and plain values
REMEDY = "save the estimator again"

Estimator = TypeVar("Estimator")


class ModelError(ValueError):
    """A file of an estimator that cannot be written or read; the message names it and what to do."""


def save_estimator(estimator: Any, path: Path) -> None:
    """Write a fitted estimator.

    Raises:
        ModelError: the file exists, cannot be written, or the classes are neither numbers nor text.
    """
    if path.exists():
        raise ModelError(f"{path} exists and is not overwritten: choose another name or delete it")
    arrays = _arrays(estimator)
    if any(array.dtype.hasobject for array in arrays.values()):
        raise ModelError("classes_ holds what is neither numbers nor text: fit with names of the classes instead")
    try:
        with replacing(path) as file:
            np.savez(file, allow_pickle=False, **{HEADER: np.array(json.dumps(_header(estimator)))}, **arrays)
    except OSError as error:
        raise ModelError(f"{path} cannot be written ({error.strerror}): choose another place") from None


def load_estimator(kind: type[Estimator], path: Path) -> Estimator:
    """The fitted estimator of a file.

    Raises:
        ModelError: there is none, it is damaged or of a newer format, or the estimator is of another class.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            header = _checked(json.loads(str(content[HEADER])), kind)
            return _restored(kind, header, {name: content[name] for name in content.files})
    except ModelError as error:
        raise ModelError(f"{path} {error}") from None
    except FileNotFoundError:
        raise ModelError(f"{path} does not exist: check the path") from None
    except (*UNREADABLE, KeyError, TypeError, AttributeError, ProgramError) as error:
        raise ModelError(f"{path} is not a whole file of an estimator ({error}): {REMEDY}") from None


def _header(estimator: Any) -> dict[str, Any]:
    trained = estimator.model_.trained
    return {
        "format": FORMAT,
        "version": __version__,
        "estimator": type(estimator).__name__,
        "parameters": {name: _plain(value) for name, value in estimator.get_params(deep=False).items()},
        "program": to_text(trained.program),
        "loss": trained.loss.value,
        "numbers": [trained.num_classes, trained.num_examples, trained.noise_seed],
        "dtype": trained.dtype,
        "columns": estimator.n_features_in_,
        "members": estimator.model_.members,
        "objects": [name for name in NAMED if getattr(estimator, name, np.empty(0)).dtype == object],
        "attributes": {name: getattr(estimator, name) for name in PLAIN if hasattr(estimator, name)},
    }


def _plain(value: Any) -> Any:
    """A parameter as JSON can hold it; a generator of random numbers is not kept."""
    if isinstance(value, Program):
        return to_text(value)
    if isinstance(value, np.random.RandomState):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _arrays(estimator: Any) -> dict[str, NDArray[Any]]:
    model: Model = estimator.model_
    arrays = {
        "features": np.stack([model.features.mean, model.features.deviation]),
        "target": np.stack([model.target.mean, model.target.deviation]),
        "shares": model.shares,
        "epochs": model.trained.epochs,
        **{kind.name.lower(): bank for kind, bank in zip(Kind, model.trained.banks, strict=True)},
    }
    for name in NAMED:
        if hasattr(estimator, name):
            arrays[name] = _of_numbers_or_text(getattr(estimator, name))
    return arrays


def _of_numbers_or_text(names: NDArray[Any]) -> NDArray[Any]:
    return names.astype(str) if all(isinstance(name, str) for name in names) else names


def _checked(header: Any, kind: type[Any]) -> dict[str, Any]:
    if not isinstance(header, dict) or not isinstance(header.get("format"), int):
        raise ModelError(f"has no number of its format: {REMEDY}")
    if header["format"] > FORMAT:
        raise ModelError(
            f"has format {header['format']} of version {header.get('version')}, and this is version {__version__}, "
            f"which reads formats up to {FORMAT}: install the newer version"
        )
    if header["estimator"] != kind.__name__:
        raise ModelError(f"holds a {header['estimator']}, not a {kind.__name__}: use {header['estimator']}.load")
    return header


def _restored(kind: type[Estimator], header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Estimator:
    estimator: Any = kind(**header["parameters"])
    estimator.program_ = from_text(header["program"])
    banks = arrays["scalar"], arrays["vector"], arrays["matrix"]
    num_classes, num_examples, seed = header["numbers"]
    learnt = num_classes, num_examples, seed, banks, arrays["epochs"]
    trained = Trained(estimator.program_, Loss(header["loss"]), *learnt, header["dtype"])
    scales = Scale(*arrays["features"]), Scale(*arrays["target"])
    estimator.model_ = Model(trained, *scales, arrays["shares"], header["members"])
    estimator.n_features_in_ = header["columns"]
    _check_sizes(estimator.model_, estimator.n_features_in_)
    for name in NAMED:
        if name in arrays:
            setattr(estimator, name, arrays[name].astype(object) if name in header["objects"] else arrays[name])
    for name, value in header["attributes"].items():
        if name in PLAIN:
            setattr(estimator, name, value)
    return estimator  # type: ignore[no-any-return]


def _check_sizes(model: Model, columns: int) -> None:
    """Check that arrays fit the program, so that what is wrong with them shows now and not in some prediction."""
    trained = model.trained
    for kind, count, bank in zip(Kind, trained.program.address_counts(), trained.banks, strict=True):
        sizes = bank.shape[2:]
        if bank.shape[1] < count or sizes != shape_of(kind, trained.num_features) or len(bank) != len(trained.epochs):
            raise ModelError(f"has memory of shape {bank.shape} that does not fit its program: {REMEDY}")
    if model.features.mean.shape != (columns,) or columns > trained.num_features:
        raise ModelError(f"has scales of {model.features.mean.shape} features, not of {columns}: {REMEDY}")
