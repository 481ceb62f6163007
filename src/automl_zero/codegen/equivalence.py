"""Comparison of an export with the reference: an example task with the reference's predictions, as data and as a test.

Random ops get the draws of the reference, so that programs with noise can be compared, too. An example is one epoch:
training rows, then validation rows up to the first whose error is too large or NaN in the reference.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from pprint import pformat
from typing import Any

import numpy as np

from automl_zero.codegen.file_template import fill
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import Source
from automl_zero.program.ops import Array
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm import reference
from automl_zero.vm.fitness import sigmoid, softmax
from automl_zero.vm.result import Epoch

TOLERANCE = 1e-6  # of predictions, relative to their size or to 1
NUM_TRAIN, NUM_VALID, NUM_FEATURES, NUM_CLASSES = 12, 6, 4, 3
ATTEMPTS = 20  # random tasks to try until training does not fail on one
WIDTH = 116  # columns of the numbers in a test

_NORMALIZE: Mapping[Prediction, Callable[[Any], Any]] = {
    Prediction.REGRESSION: float,
    Prediction.BINARY: sigmoid,
    Prediction.MULTICLASS: softmax,
}


@dataclass(frozen=True)
class Example:
    """A task, and the predictions of the reference on it.

    Attributes:
        tasks: a set of one task, with one epoch.
        predictions: of the first validation rows, numbers or [C]; None if training fails.
    """

    tasks: TaskSet
    predictions: tuple[Any, ...] | None


def predictions_of(epoch: Epoch, prediction: Prediction) -> tuple[Any, ...] | None:
    """Return the normalized predictions of an epoch of the reference; None if training failed."""
    return None if epoch.train_stopped else tuple(map(_NORMALIZE[prediction], epoch.outputs))


def draws(source: Source, tasks: TaskSet, task: int, component: int, execution_step: int) -> Array:
    """Return the standard draws of one execution of a component function, one after the other, flat."""
    multiclass = source.prediction is Prediction.MULTICLASS
    streams = iter(reference.noise_streams(source.program, multiclass))
    of_component = [[(each.instruction, next(streams)) for each in statements] for statements in source.components]
    drawn = [
        reference.NOISE[instruction.row.draws](tasks.noise_seed, task, stream, execution_step, tasks.num_features**kind)
        for instruction, stream in of_component[component]
        for kind, _ in instruction.outputs()
        if stream is not None
    ]
    return np.concatenate(drawn) if drawn else np.zeros(0)


def example(source: Source) -> Example:
    """Return an example on the first of some random tasks on which training does not fail, else on the last."""
    for seed in range(ATTEMPTS):
        tasks = _tasks(source.prediction, seed)
        (epoch,) = reference.evaluate(source.program, tasks, 0).epochs
        predictions = predictions_of(epoch, source.prediction)
        if predictions is not None:
            break
    return Example(tasks, predictions)


def _tasks(prediction: Prediction, seed: int) -> TaskSet:
    rng = np.random.default_rng(seed)
    x = np.round(rng.standard_normal((1, NUM_TRAIN + NUM_VALID, NUM_FEATURES)), 3)
    y = np.round(x @ rng.standard_normal(NUM_FEATURES), 3)
    if prediction is Prediction.BINARY:
        y = (y > 0).astype(float)
    elif prediction is Prediction.MULTICLASS:
        y = np.argmax(x[..., :NUM_CLASSES], axis=-1).astype(float)
    loss = Loss.RMSE if prediction is Prediction.REGRESSION else Loss.ACCURACY
    classes = NUM_CLASSES if prediction is Prediction.MULTICLASS else 2
    parts = (part for each in (x, y) for part in (each[:, :NUM_TRAIN], each[:, NUM_TRAIN:]))
    train_x, valid_x, train_y, valid_y = parts
    return TaskSet("example", train_x, train_y, valid_x, valid_y, loss, classes, noise_seed=seed)


def equivalence_test(source: Source, language: str, module: Path, test: Path) -> str:
    """Return a pytest file that compares an export with the reference; it imports only what the export imports.

    Args:
        source: the exported program.
        language: its language.
        module: file of the export.
        test: file of the test.
    """
    case = example(source)
    count = 0 if case.predictions is None else len(case.predictions)
    flags = {language, source.prediction.value, "noise" if source.is_random else "quiet", "works" if count else "fails"}
    if language != "jax" or not source.is_random:
        flags.add("model")  # the test calls the class, not the functions
    labels = case.tasks.train_y[0].astype(float if source.prediction is Prediction.REGRESSION else int)
    slots = {
        "title": source.name,
        "origin": source.origin,
        "module": json.dumps(Path(os.path.relpath(module, test.parent)).as_posix()),
        "tolerance": repr(TOLERANCE),
        "train_x": _literal(case.tasks.train_x[0]),
        "train_y": _literal(labels),
        "valid_x": _literal(case.tasks.valid_x[0][:count]),
        "expected": _literal(case.predictions or ()),
        "arguments": ", ".join(_arguments(source, language, case.tasks)),
        "classes": f", {case.tasks.num_classes}" if case.tasks.is_multiclass else "",
        "functions": "",
        **(_noise(source, case.tasks, count) if source.is_random else {}),
    }
    return fill("equivalence", frozenset(flags), slots)


def _arguments(source: Source, language: str, tasks: TaskSet) -> list[str]:
    """Return the arguments of ``Algorithm`` in that language."""
    features = [f"num_features={tasks.num_features}"] if language == "torch" else []
    classes = [f"num_classes={tasks.num_classes}"] if source.prediction is Prediction.MULTICLASS else []
    return features + classes + (["make_noise=Recorded"] if source.is_random else [])


def _noise(source: Source, tasks: TaskSet, count: int) -> dict[str, str]:
    """Return the draws of Setup, of each training row (Predict, then Learn), and of each validation row."""
    training = range(1, 1 + tasks.num_train_examples)
    both = (reference.PREDICT, reference.LEARN)
    drawn: dict[str, Iterable[Any]] = {
        "setup_draws": draws(source, tasks, 0, reference.SETUP, 0),
        "train_draws": [np.concatenate([draws(source, tasks, 0, each, step) for each in both]) for step in training],
        "valid_draws": [draws(source, tasks, 0, reference.PREDICT, training.stop + row) for row in range(count)],
    }
    return {name: _literal(values) for name, values in drawn.items()}


def _literal(values: Iterable[Any]) -> str:
    plain = [each.tolist() if isinstance(each, np.ndarray | np.generic) else each for each in values]
    return pformat(plain, width=WIDTH, compact=True).replace("\n", "\n   ")
