"""Checks of estimator files: whether their content fits together, so that damage shows when a file is loaded.

A loaded estimator gives finite predictions for any rows, even if the file is untrusted: the checks reject everything
that could prevent that.
"""

from __future__ import annotations

from math import isnan
from types import NoneType
from typing import Annotated, Any, ClassVar, Literal, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sklearn.base import is_classifier

from automl_zero.dtypes import Dtype
from automl_zero.errors import AutoMLZeroError
from automl_zero.estimators.model import Model
from automl_zero.program.ops import Kind
from automl_zero.program.program import CLASS_PREDICTION, Program
from automl_zero.tasks.task import FloatArray, Loss
from automl_zero.vm.inference import Trained
from automl_zero.vm.reference import shape_of

MAX_INT = (1 << 63) - 1  # the largest int64, which compiled code takes
MAX_FEATURES = 1 << 20
ROUNDING = 1e-6  # tolerance of the sum of the class frequencies
REMEDY = "save the estimator again"

Natural = Annotated[int, Field(ge=0, le=MAX_INT)]
Positive = Annotated[int, Field(ge=1, le=MAX_INT)]
Plain = dict[str, str | int | float | bool | None]


class ModelError(AutoMLZeroError, ValueError):
    """A file of an estimator cannot be written or read; the message names the file and the remedy."""


class Header(BaseModel):
    """The plain values in a file; ``serialization`` documents them."""

    model_config: ClassVar = ConfigDict(strict=True, frozen=True)
    version: str
    parameters: dict[str, Any]
    program: str
    loss: Literal["rmse", "accuracy"]
    numbers: tuple[Annotated[int, Field(ge=2, le=MAX_INT)], Positive, Natural]  # classes, examples, seed of noise
    dtype: Dtype
    columns: Positive
    members: Positive
    objects: list[Literal["classes_", "feature_names_in_"]]
    attributes: dict[Literal["leaderboard_", "history_"], list[Plain]]


def checked_header(values: Any) -> Header:
    """Return the validated header of a file whose format is known.

    Raises:
        ModelError: a value is missing or invalid.
    """
    try:
        return Header.model_validate_json(values)
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(map(str, fault["loc"])) or "header"
        raise ModelError(f"has a wrong {name} ({fault['msg']}): {REMEDY}") from None


def check_parameters(kind: type[Any], parameters: dict[str, Any]) -> None:
    """Check the parameters of an estimator against the types in its constructor.

    Raises:
        ModelError: a parameter is unknown, or has a wrong type.
    """
    hints = {name: hint for name, hint in get_type_hints(kind.__init__).items() if name != "return"}
    for name, value in parameters.items():
        if name not in hints or not _is_one_of(value, hints[name]):
            raise ModelError(f"has a wrong parameter {name[:40]} = {repr(value)[:40]}: {REMEDY}")


def _is_one_of(value: Any, hint: Any) -> bool:
    return any(_is(value, each) for each in get_args(hint) or (hint,))


def _is(value: Any, kind: Any) -> bool:
    if kind is Any:  # a random state
        return value is None or (type(value) is int and 0 <= value < 1 << 32)
    if kind in (int, float):  # either is valid, as in the constructor
        return isinstance(value, int | float) and not isnan(value)
    if kind in (str, Program):
        return isinstance(value, str)
    if kind is NoneType:
        return value is None
    return isinstance(value, list) and all(isinstance(each, str) for each in value)  # overrides


def check_model(estimator: Any, model: Model, columns: int) -> None:
    """Check that the arrays fit each other, the program and the estimator.

    Raises:
        ModelError: they do not.
    """
    _check_trained(model.trained)
    _check_scales(model, columns)
    count = len(estimator.classes_) if is_classifier(estimator) else 0
    _check(_is_form_of(model.trained, count), "a loss or a number of classes", "its estimator")
    tasks = count if count > 2 and model.trained.num_classes == 2 else 1
    _check(len(model.trained.epochs) == model.members * tasks, "members", "its memory")
    _check_shares(model.shares, count)


def _check_trained(trained: Trained) -> None:
    """Check memory and numbers against the program."""
    epochs, counts = trained.epochs, trained.program.address_counts()
    is_whole = epochs.dtype == np.int64 and epochs.ndim == 1 and epochs.size > 0 and bool((epochs >= 0).all())
    _check(is_whole and int(epochs.max()) <= (MAX_INT - 1) // trained.num_examples, "epochs", "what can be trained")
    least = list(counts)
    if trained.loss is Loss.ACCURACY and trained.num_classes > 2:
        least[Kind.VECTOR] = max(least[Kind.VECTOR], CLASS_PREDICTION + 1)
    for kind, bank, count in zip(Kind, trained.banks, least, strict=True):
        _check(bank.dtype == np.float64 and bank.ndim == 2 + kind, f"memory of {kind.name.lower()}s", "its program")
        fits = bank.shape[1] >= count and bank.shape[2:] == shape_of(kind, trained.num_features)
        _check(fits and len(bank) == len(epochs), f"memory of shape {bank.shape}", "its program")


def _check_scales(model: Model, columns: int) -> None:
    for scale, width, name in ((model.features, columns, "features"), (model.target, 1, "target")):
        for array in (scale.mean, scale.deviation):
            _check(array.dtype == np.float64 and array.shape == (width,), f"scales of the {name}", f"{width} columns")
        is_usable = np.isfinite([scale.mean, scale.deviation]).all() and (scale.deviation > 0).all()
        _check(bool(is_usable), f"scales of the {name}", "numbers that are finite and above 0")
    _check(columns <= model.trained.num_features <= MAX_FEATURES, "vectors", f"{columns} columns")


def _is_form_of(trained: Trained, classes: int) -> bool:
    """Return whether the training fits an estimator of so many classes, 0 for a regressor."""
    if not classes:
        return trained.loss is Loss.RMSE and trained.num_classes == 2
    own_form = trained.num_classes == max(3, classes) <= trained.num_features
    return trained.loss is Loss.ACCURACY and (trained.num_classes == 2 or own_form)


def _check_shares(shares: FloatArray, classes: int) -> None:
    _check(shares.dtype == np.float64 and shares.shape == (classes,), "shares", f"{classes} classes")
    is_whole = bool((shares >= 0).all()) and (not classes or abs(float(shares.sum()) - 1) < ROUNDING)
    _check(is_whole, "shares of the classes", "each other")


def check_names(name: str, names: NDArray[Any], is_object: bool, columns: int) -> None:
    """Check the classes, or the names of the columns.

    Raises:
        ModelError: they are invalid.
    """
    kinds = "U" if is_object or name != "classes_" else "biufU"
    _check(names.ndim == 1 and names.dtype.kind in kinds, name, "its estimator")
    if name != "classes_":
        _check(len(names) == columns == len(set(names.tolist())), name, f"{columns} columns, each with its own")
        return
    _check(names.dtype.kind != "f" or bool(np.isfinite(names).all()), name, "its estimator")
    _check(len(names) >= 2 and bool((names[1:] > names[:-1]).all()), name, "a classifier, sorted and all different")


def _check(fits: bool, what: str, to_what: str) -> None:
    if not fits:
        raise ModelError(f"has {what} that do not fit {to_what}: {REMEDY}")
