"""The reference: what a program computes, in plain NumPy and float64, one instruction and one example at a time.

Tests prove the compiled kernel and the exports equal to this module, which is written to be read, not to be fast. The
result depends on the program and the task alone.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from automl_zero.program.ops import Array, Kind
from automl_zero.program.program import (
    CLASS_LABEL,
    CLASS_PREDICTION,
    FEATURES,
    LABEL,
    PREDICTION,
    AddressCounts,
    Instruction,
    Program,
)
from automl_zero.program.prune import live_instructions
from automl_zero.tasks.task import IntArray, Loss, TaskSet
from automl_zero.vm import noise
from automl_zero.vm.fitness import binary_error, predicted_class, score, sigmoid, softmax
from automl_zero.vm.result import Epoch, Evaluation, Output, ScoredEpochs, summarize

SETUP, PREDICT, LEARN = range(3)  # component functions, in the order of ``Program``
NOISE = {"uniform": noise.uniform, "normal": noise.normal}


class Memory:
    """The typed memory, one bank for each kind of address, all zero at first.

    ``memory[kind, address]`` reads a value (a view of a vector or matrix) or stores one, broadcast to its shape.

    Attributes:
        banks: scalars [S], vectors [V, F] and matrices [M, F, F], in the order of ``Kind``.
    """

    def __init__(self, counts: AddressCounts, num_features: int) -> None:
        """Make a memory of zeros; ``num_features`` is F."""
        self.banks: tuple[Array, ...] = tuple(
            np.zeros((count, *shape_of(kind, num_features))) for kind, count in zip(Kind, counts, strict=True)
        )

    def __getitem__(self, operand: tuple[Kind, int]) -> Any:
        kind, address = operand
        return self.banks[kind][address]

    def __setitem__(self, operand: tuple[Kind, int], value: Any) -> None:
        kind, address = operand
        self.banks[kind][address] = value


def shape_of(kind: Kind, num_features: int) -> tuple[int, ...]:
    """Return the shape of one value of a kind."""
    return (num_features,) * kind


@np.errstate(all="ignore")
def execute(instruction: Instruction, memory: Memory, draws: Array | None = None) -> None:
    """Run one instruction: read all inputs, then write the output.

    Args:
        instruction: the instruction to run.
        memory: the memory that it reads and writes.
        draws: for a random op, standard draws in the shape of its output.
    """
    row = instruction.row
    arguments = [draws] if row.draws else [memory[operand] for operand in instruction.inputs()]
    # The output is written last: it may be an input, too.
    for target in instruction.outputs():
        old = [memory[target]] if row.partial else []
        memory[target] = row.meaning(*old, *arguments, *instruction.data)


def noise_streams(program: Program, multiclass: bool = False) -> tuple[int | None, ...]:
    """Return the noise stream of each instruction in the order of ``program.instructions()``; None if it draws nothing.

    Live random instructions (see ``live_instructions``) are numbered first, then the dead ones. So removing dead
    instructions never changes what the others draw.
    """
    live = [flag for component in live_instructions(program, multiclass) for flag in component]
    random = [position for position, instruction in enumerate(program.instructions()) if instruction.row.draws]
    # Stable, so that live instructions keep their order among themselves: False sorts first.
    random.sort(key=lambda position: not live[position])
    streams = {position: stream for stream, position in enumerate(random)}
    return tuple(map(streams.get, range(len(program))))


def evaluate(
    program: Program,
    tasks: TaskSet,
    task: int,
    *,
    max_abs_error: float = 100.0,
    num_predictions: int = 5,
    epochs: ScoredEpochs = "best",
) -> Evaluation:
    """Train and validate a program on one task, in all epochs of its set (paper, section 3.1).

    Args:
        program: the program, which need not be pruned.
        tasks: the set of tasks.
        task: number of the task in the set.
        max_abs_error: an error that is larger, or NaN, stops the training or the validation in which it occurs.
        num_predictions: how many of the first predictions to keep.
        epochs: ``best`` validates after every epoch, and the best one counts; ``last`` validates after the last one.
    """
    return run(program, tasks, task, max_abs_error=max_abs_error, num_predictions=num_predictions, epochs=epochs)[0]


def run(
    program: Program,
    tasks: TaskSet,
    task: int,
    *,
    max_abs_error: float = 100.0,
    num_predictions: int = 5,
    epochs: ScoredEpochs = "best",
) -> tuple[Evaluation, Memory]:
    """Evaluate as ``evaluate`` does; return the memory after the last instruction as well."""
    execution = Execution(program, tasks, task, max_abs_error)
    return evaluate_with(execution, num_predictions=num_predictions, epochs=epochs), execution.memory


def evaluate_with(execution: Execution, *, num_predictions: int = 5, epochs: ScoredEpochs = "best") -> Evaluation:
    """Train and validate by an execution that has not begun; otherwise as ``evaluate``."""
    execution.execute(SETUP, execution_step=0)
    tasks, done = execution.tasks, list[Epoch]()
    while len(done) < tasks.num_epochs and not (done and done[-1].train_stopped):
        is_last = len(done) == tasks.num_epochs - 1
        done.append(execution.epoch(len(done), is_validated=is_last or epochs == "best"))
    return summarize(done, num_predictions)


class Execution:
    """The execution of one program on one task: its instructions with their noise streams, and its memory."""

    def __init__(self, program: Program, tasks: TaskSet, task: int, max_abs_error: float) -> None:
        self.tasks, self.task, self.max_abs_error = tasks, task, max_abs_error
        streams = iter(noise_streams(program, tasks.is_multiclass))
        self.components = [[(instruction, next(streams)) for instruction in component] for component in program]
        # Label and prediction exist even if the program does not use them.
        counts = program.address_counts()
        if tasks.is_multiclass:
            counts = replace(counts, vectors=max(counts.vectors, CLASS_PREDICTION + 1))
        self.memory = Memory(counts, tasks.num_features)

    def execute(self, component: int, execution_step: int) -> None:
        """Run a component function; each execution step has draws of its own."""
        for instruction, stream in self.components[component]:
            draws = None if stream is None else self.draws(instruction, stream, execution_step)
            execute(instruction, self.memory, draws)

    def draws(self, instruction: Instruction, stream: int, execution_step: int) -> Array:
        """Return standard draws in the shape of the output; a matrix is filled row by row."""
        ((kind, _),) = instruction.outputs()
        shape = shape_of(kind, self.tasks.num_features)
        draw = NOISE[instruction.row.draws]
        return draw(self.tasks.noise_seed, self.task, stream, execution_step, math.prod(shape)).reshape(shape)

    def epoch(self, number: int, is_validated: bool) -> Epoch:
        """Train and, if that was not stopped and the epoch is one to validate, validate."""
        # Step 0 is Setup; every epoch has a step for each training and each validation example.
        first_step = 1 + number * (self.tasks.num_train_examples + self.tasks.num_valid_examples)
        train_errors = self.train(self.tasks.train_order[number], first_step)
        if self.fails(train_errors[-1]):
            return Epoch(tuple(train_errors), train_stopped=True)
        if not is_validated:
            return Epoch(tuple(train_errors), train_stopped=False)
        outputs, predictions, errors = self.validate(first_step + self.tasks.num_train_examples)
        stopped = self.fails(errors[-1])
        error, fitness = (None, 0.0) if stopped else score(errors, self.tasks.loss)
        return Epoch(tuple(train_errors), False, tuple(outputs), tuple(predictions), stopped, error, fitness)

    def train(self, examples: IntArray, first_step: int) -> list[float]:
        """Train on the examples in this order, up to the first failure; return the errors."""
        errors: list[float] = []
        for execution_step, example in enumerate(examples, first_step):
            x, label = self.tasks.train_x[self.task, example], self.tasks.train_y[self.task, example]
            self.predict(x, execution_step)
            errors.append(self.normalize(label))
            if self.fails(errors[-1]):
                break
            # Predict may have overwritten the features, so they are written again together with the label.
            self.present(x, label)
            self.execute(LEARN, execution_step)
        return errors

    def validate(self, first_step: int) -> tuple[list[Output], list[float], list[float]]:
        """Validate up to the first failure; return outputs, normalized predictions and errors."""
        outputs, predictions, errors = [], [], []
        examples = zip(self.tasks.valid_x[self.task], self.tasks.valid_y[self.task], strict=True)
        for execution_step, (x, label) in enumerate(examples, first_step):
            self.predict(x, execution_step)
            output = self.output()
            prediction, error = self.judge(output, label)
            outputs.append(output)
            predictions.append(prediction)
            errors.append(error)
            if self.fails(error):
                break
        return outputs, predictions, errors

    def fails(self, error: float) -> bool:
        """Return whether an error is too large or NaN."""
        return not error <= self.max_abs_error  # a comparison with NaN is false

    def predict(self, x: Array, execution_step: int) -> None:
        """Run Predict without the label."""
        self.present(x, None)
        self.execute(PREDICT, execution_step)

    def present(self, x: Array, label: float | None) -> None:
        """Write the features and the label; a label that is None or not in use becomes zeros."""
        self.memory[Kind.VECTOR, FEATURES] = x
        self.memory[Kind.SCALAR, LABEL] = 0.0 if label is None or self.tasks.is_multiclass else label
        if self.tasks.is_multiclass:
            self.memory[Kind.VECTOR, CLASS_LABEL] = np.arange(len(x)) == label  # one-hot; zeros for None

    def output(self) -> Output:
        """Return the prediction in the memory: s1, or the elements of v2 that stand for classes."""
        if self.tasks.is_multiclass:
            return self.memory[Kind.VECTOR, CLASS_PREDICTION][: self.tasks.num_classes].copy()
        return float(self.memory[Kind.SCALAR, PREDICTION])

    def normalize(self, label: float) -> float:
        """Normalize the prediction in the memory, which Learn then reads; return its error."""
        if self.tasks.is_multiclass:
            probabilities = softmax(self.output())
            unused = self.tasks.num_features - self.tasks.num_classes
            self.memory[Kind.VECTOR, CLASS_PREDICTION] = np.pad(probabilities, (0, unused))
            return float(1.0 - probabilities[int(label)])
        prediction = self.output() if self.tasks.loss is Loss.RMSE else sigmoid(self.output())
        self.memory[Kind.SCALAR, PREDICTION] = prediction
        return float(abs(label - prediction))

    def judge(self, output: Output, label: float) -> tuple[float, float]:
        """Return the normalized prediction and its error; the memory is not changed."""
        if self.tasks.is_multiclass:
            winner = predicted_class(output)
            return winner, float(winner != label)
        if self.tasks.loss is Loss.RMSE:
            return output, float(abs(label - output))
        probability = sigmoid(output)
        return probability, binary_error(label, probability)
