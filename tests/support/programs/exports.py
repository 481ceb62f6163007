"""Exports as modules that run on task sets, random ops fed with the reference's draws; and how they are compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from importlib.util import find_spec
from itertools import chain
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from support.programs import golden_data as golden
from support.programs import rounding

from automl_zero.codegen.equivalence import draws, predictions_of
from automl_zero.codegen.languages import LANGUAGES
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import Source
from automl_zero.program.ops import INDEX_CONSTANTS, OPS, Kind
from automl_zero.program.program import COMPONENTS, AddressCounts, Instruction, Program
from automl_zero.program.prune import prune
from automl_zero.tasks.task import TaskSet
from automl_zero.vm import reference
from automl_zero.vm.result import Epoch

TOLERANCE = 1e-6  # relative to the size of a prediction, or to 1
ROBUST = 1e-10  # programs are compared where rounding otherwise makes no difference of a thousand times this
RUNNING = [name for name, language in LANGUAGES.items() if language.runs]
SIZE, MIN_LIVE = 8, 9  # instructions of a component function of a random program, and of the whole program

each_language = pytest.mark.parametrize(
    "language",
    [
        pytest.param(name, marks=pytest.mark.skipif(name == "torch" and not find_spec(name), reason="needs torch"))
        for name in RUNNING
    ],
)


def load(text: str, name: str = "exported") -> Any:
    """The module with that source text."""
    module = ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)  # noqa: S102
    return module


def in_float64(language: str) -> Any:
    """A context in which a language computes in float64."""
    if language != "jax":
        return nullcontext()
    import jax

    return jax.enable_x64(True)


class Recorded:
    """Noise that is given: an iterator of standard draws or, for JAX, an array of them."""

    def __init__(self, given: Any, module: Any) -> None:
        self.given, self.module = given, module

    def uniform(self, low: float, high: float, shape: tuple[int, ...]) -> Any:
        return self.scaled(low, max(high - low, 0.0), shape)

    def gaussian(self, mean: float, std: float, shape: tuple[int, ...]) -> Any:
        return self.scaled(mean, std, shape)

    def scaled(self, offset: float, scale: float, shape: tuple[int, ...]) -> Any:
        size = math.prod(shape)
        if not hasattr(self.given, "__next__"):
            drawn, self.given = self.given[:size], self.given[size:]
            return (offset + scale * drawn).reshape(shape)
        values = offset + scale * np.array([next(self.given) for _ in range(size)]).reshape(shape)
        if hasattr(self.module, "torch"):
            return self.module.torch.as_tensor(values.tolist(), dtype=self.module.FLOAT)
        return values if hasattr(self.module, "np") else values.tolist()


def run(language: str, source: Source, tasks: TaskSet, task: int, epochs: Sequence[Epoch]) -> list[Any]:
    """What an export predicts on a task after each epoch; None where training fails.

    ``epochs`` are those of the reference, which decide how many rows are predicted after each.
    """
    module = load(LANGUAGES[language].write(source))
    runner = _run_scan if language == "jax" else _run_rows
    with np.errstate(all="ignore"):
        return list(runner(module, source, tasks, task, [len(epoch.outputs) for epoch in epochs]))


def _run_rows(module: Any, source: Source, tasks: TaskSet, task: int, counts: Sequence[int]) -> Iterator[Any]:
    drawn = chain.from_iterable(map(np.concatenate, _all_draws(source, tasks, task, counts)))
    noise = (Recorded(drawn, module),) if source.is_random else ()
    classes = (tasks.num_classes,) if source.prediction is Prediction.MULTICLASS else ()
    memory = module.setup(module.empty(tasks.num_features), *noise)
    for order, count in zip(tasks.train_order, counts, strict=False):
        train, labels, valid = _arrays(module, source, tasks, task, order, count)
        try:
            memory = module.train(memory, train, labels, *noise, *classes)
        except ValueError:
            yield None
            return
        memory, predictions = module.predict_rows(memory, valid, *noise, *classes)
        yield [plain(each) for each in predictions]


def _run_scan(module: Any, source: Source, tasks: TaskSet, task: int, counts: Sequence[int]) -> Iterator[Any]:
    def noise(given: Any) -> Recorded:
        return Recorded(given, module)

    by_epoch = _all_draws(source, tasks, task, counts)
    classes = (tasks.num_classes,) if source.prediction is Prediction.MULTICLASS else ()
    made = {"make_noise": noise} if source.is_random else {}
    (first,) = next(by_epoch)
    memory = module.setup(module.empty(tasks.num_features), *((noise(module.jnp.array(first)),) if made else ()))
    for order, count in zip(tasks.train_order, counts, strict=False):
        train, labels, valid = _arrays(module, source, tasks, task, order, count)
        drawn = module.jnp.array(next(by_epoch)), module.jnp.array(next(by_epoch))
        given = [(each,) if made else () for each in drawn]
        memory, failed = module.train(memory, train, labels, *given[0], *classes, **made)
        if failed:
            yield None
            return
        memory, predictions = module.predict_rows(memory, valid, *given[1], *classes, **made)
        yield [plain(each) for each in predictions]


def _all_draws(source: Source, tasks: TaskSet, task: int, counts: Iterable[int]) -> Iterator[list[Any]]:
    """Draws of Setup, then, for each epoch, of all rows that train and of the rows that are predicted."""
    yield [draws(source, tasks, task, reference.SETUP, 0)]
    execution_step = 1
    both = (reference.PREDICT, reference.LEARN)
    for count in counts:
        training, execution_step = (
            range(execution_step, execution_step + tasks.num_train_examples),
            execution_step + tasks.num_train_examples,
        )
        yield [np.concatenate([draws(source, tasks, task, each, now) for each in both]) for now in training]
        predicting, execution_step = (
            range(execution_step, execution_step + count),
            execution_step + tasks.num_valid_examples,
        )
        nothing = [] if predicting else [np.zeros(0)]
        yield [draws(source, tasks, task, reference.PREDICT, now) for now in predicting] + nothing


def _arrays(module: Any, source: Source, tasks: TaskSet, task: int, order: Any, count: int) -> tuple[Any, Any, Any]:
    """Rows and labels that train, and rows to predict, as the module wants them."""
    train, valid = tasks.train_x[task][order], tasks.valid_x[task][:count]
    labels = tasks.train_y[task][order]
    if source.prediction is Prediction.MULTICLASS:
        labels = labels.astype(int)
    if hasattr(module, "jnp"):
        return module.jnp.array(train), module.jnp.array(labels), module.jnp.array(valid)
    if hasattr(module, "torch"):
        kinds = {"f": module.FLOAT, "i": module.torch.int64}
        tensors = (
            module.torch.as_tensor(each.tolist(), dtype=kinds[each.dtype.kind]) for each in (train, labels, valid)
        )
        return next(tensors), next(tensors), next(tensors)
    return (train, labels, valid) if hasattr(module, "np") else (train.tolist(), labels.tolist(), valid.tolist())


def plain(value: Any) -> Any:
    """A number or array of any language as an array of NumPy."""
    return np.array(value.tolist() if hasattr(value, "tolist") else value, np.float64)


def prediction_of(tasks: TaskSet) -> Prediction:
    """What a program predicts on such tasks."""
    if tasks.is_multiclass:
        return Prediction.MULTICLASS
    return Prediction.BINARY if tasks.loss == "accuracy" else Prediction.REGRESSION


def agrees(language: str, source: Source, tasks: TaskSet, task: int = 0) -> bool:
    """Whether an export could be compared with the reference on a task, and then asserts that it agrees."""
    ((_, evaluation),) = rounding.reference_evaluations(source.program, tasks, [task], tolerance=ROBUST)
    if evaluation is None:
        return False
    with in_float64(language):
        actual = run(language, source, tasks, task, evaluation.epochs)
    expected = [predictions_of(epoch, source.prediction) for epoch in evaluation.epochs]
    assert [each is None for each in actual] == [each is None for each in expected]
    for one, other in zip(actual, expected, strict=True):
        if other is not None:
            assert not golden.differs(one, other, TOLERANCE, TOLERANCE).any(), (one, other)
    return True


def random_program(seed: int, counts: AddressCounts, multiclass: bool = False) -> Program:
    """A program of random instructions of all ops, at least ``MIN_LIVE`` of which have an effect.

    The last one of Predict gives the prediction.
    """
    rng = np.random.default_rng(seed)
    kind, address = (Kind.VECTOR, 2) if multiclass else (Kind.SCALAR, 1)
    while True:
        setup, predict, learn = (tuple(_instruction(rng, counts) for _ in range(SIZE)) for _ in COMPONENTS)
        program = Program(setup, (*predict, _instruction(rng, counts, kind, address)), learn)
        if len(prune(program, multiclass)) >= MIN_LIVE:
            return program


def _instruction(
    rng: np.random.Generator, counts: AddressCounts, kind: Kind | None = None, out: int | None = None
) -> Instruction:
    limits = tuple(counts)
    op = rng.choice([op.number for op in OPS if op.output is not None and kind in (None, op.output)])
    row = OPS[op]
    in1, in2 = (*(int(rng.integers(limits[each])) for each in row.inputs), 0, 0)[:2]
    data = tuple(float(rng.random() if name in INDEX_CONSTANTS else rng.normal()) for name in row.constants)
    return Instruction(int(op), in1, in2, int(rng.integers(limits[row.output])) if out is None else out, data)
