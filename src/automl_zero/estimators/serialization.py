"""Files of fitted estimators: NPZ files of arrays, one of which holds plain values as JSON.

Nothing is pickled or unpickled, no file is overwritten, and a file is loaded completely or not at all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from automl_zero import __version__
from automl_zero.estimators.file_checks import (
    REMEDY,
    Header,
    check_model,
    check_names,
    check_parameters,
    checked_header,
)
from automl_zero.estimators.file_checks import ModelError as ModelError
from automl_zero.estimators.model import Model
from automl_zero.estimators.preprocessing import Scale
from automl_zero.program.ops import Kind
from automl_zero.program.program import Program, ProgramError
from automl_zero.program.text import from_text, to_text
from automl_zero.system.atomic_write import replacing
from automl_zero.system.safe_files import open_regular
from automl_zero.tasks.npz import UNREADABLE, Npz
from automl_zero.tasks.task import Loss
from automl_zero.vm.inference import Trained

FORMAT = 1
HEADER = "automl_zero_estimator"  # the array that holds plain values, as JSON
NAMED = ("classes_", "feature_names_in_")  # fitted attributes that are saved as arrays, if present
PLAIN = ("leaderboard_", "history_")  # fitted attributes that are saved as plain values, if present
BANKS = tuple(kind.name.lower() for kind in Kind)
ARRAYS = ("features", "target", "shares", "epochs", *BANKS)

Estimator = TypeVar("Estimator")


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
    """Load the fitted estimator of a file.

    Raises:
        ModelError: there is no file, it is damaged or has a newer format, or the estimator is of another class.
    """
    try:
        with open_regular(path) as file:
            content = Npz(file)
            text = str(content.read([HEADER])[HEADER])
            _check_format(json.loads(text), kind)
            header = checked_header(text)
            named = [name for name in NAMED if name in content.names]
            return _restored(kind, header, content.read([*ARRAYS, *named]))
    except ModelError as error:
        raise ModelError(f"{path} {error}") from None
    except FileNotFoundError:
        raise ModelError(f"{path} does not exist: check the path") from None
    # An untrusted file may fail in any of these ways; all of them mean that it is damaged.
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
    """Return a parameter as JSON can hold it; a random generator is not saved."""
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
        **dict(zip(BANKS, model.trained.banks, strict=True)),
    }
    for name in NAMED:
        if hasattr(estimator, name):
            arrays[name] = _without_objects(getattr(estimator, name))
    return arrays


def _without_objects(names: NDArray[Any]) -> NDArray[Any]:
    """Return an array of text as such, not as one of Python objects, which would have to be pickled."""
    return names.astype(str) if all(isinstance(name, str) for name in names) else names


def _check_format(header: Any, kind: type[Any]) -> None:
    """Check format and class first, so that a newer file is reported as such, and not as damaged."""
    if not isinstance(header, dict) or not isinstance(header.get("format"), int):
        raise ModelError(f"has no number of its format: {REMEDY}")
    if header["format"] > FORMAT:
        raise ModelError(
            f"has format {header['format']} of version {header.get('version')}, and this is version {__version__}, "
            f"which reads formats up to {FORMAT}: install the newer version"
        )
    name = str(header.get("estimator"))[:40]
    if name != kind.__name__:
        raise ModelError(f"holds a {name}, not a {kind.__name__}: use {name}.load")


def _restored(kind: type[Estimator], header: Header, arrays: dict[str, NDArray[Any]]) -> Estimator:
    check_parameters(kind, header.parameters)
    estimator: Any = kind(**header.parameters)
    estimator.program_, estimator.n_features_in_ = from_text(header.program), header.columns
    scalars, vectors, matrices = (arrays[name] for name in BANKS)
    num_classes, num_examples, noise_seed = header.numbers
    trained = Trained(
        program=estimator.program_,
        loss=Loss(header.loss),
        num_classes=num_classes,
        num_examples=num_examples,
        noise_seed=noise_seed,
        banks=(scalars, vectors, matrices),
        epochs=arrays["epochs"],
        dtype=header.dtype,
    )
    estimator.model_ = Model(
        trained=trained,
        features=Scale(*arrays["features"]),
        target=Scale(*arrays["target"]),
        shares=arrays["shares"],
        members=header.members,
    )
    for name in filter(arrays.__contains__, NAMED):
        is_object = name in header.objects
        check_names(name, arrays[name], is_object, header.columns)
        setattr(estimator, name, arrays[name].astype(object) if is_object else arrays[name])
    check_model(estimator, estimator.model_, header.columns)
    for name, value in header.attributes.items():
        setattr(estimator, name, value)
    return estimator  # type: ignore[no-any-return]
