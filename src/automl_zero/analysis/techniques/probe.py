"""Experiments on a program: run single steps from any memory, with any label, and record what every line computes.

Instructions are executed by the reference interpreter in float64. A step is a function of memory, example and step
number, and the same number has the same noise: two steps differ by nothing but what an experiment changes on purpose.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from automl_zero.analysis.dataflow.flow import LEARN, PREDICT, SETUP, label_cell, prediction_cell, read_cells
from automl_zero.program.ops import Array, Kind
from automl_zero.program.program import CLASS_PREDICTION, COMPONENTS, FEATURES, LABEL, Instruction, Program
from automl_zero.program.program_edit import Line, lines_of
from automl_zero.rng import generator_at
from automl_zero.vm.fitness import softmax
from automl_zero.vm.reference import NOISE, Memory, execute, noise_streams, shape_of

NUM_FEATURES, STEPS, CLASSES = 4, 60, 3
SCALE = 0.5  # standard deviation of the features: the smaller, the longer large learning rates stay finite
LARGEST = 100.0  # the largest output of a program that counts as not diverged
Change = Callable[[Line, Any], Any]
Trace = Mapping[Line, tuple[Any, ...]]  # for each line that has run, the values of its inputs and then its output


@dataclass(frozen=True, eq=False)
class Probe:
    """A program with synthetic examples, whose labels are a linear function of the features.

    Attributes:
        program: the program to run.
        multiclass: whether label and prediction are the vectors v1 and v2; predictions then go through the softmax.
        logistic: whether predictions go through the sigmoid, as in tasks of two classes.
        seed: the seed of examples and noise.
    """

    program: Program
    multiclass: bool = False
    logistic: bool = False
    seed: int = 0

    @cached_property
    def examples(self) -> tuple[Array, Array]:
        """Features [STEPS, F] and labels: [STEPS], or one-hot [STEPS, F] for many classes."""
        rng = generator_at(self.seed, "probe")
        # A linear teacher: y = x w, its sign, or the class with the largest of several such values. Every learner of
        # the paper can fit it, so that a program that learns at all converges here.
        x = SCALE * rng.standard_normal((STEPS, NUM_FEATURES))
        if self.multiclass:
            best = np.argmax(x @ rng.standard_normal((NUM_FEATURES, CLASSES)), axis=1)
            return x, np.eye(NUM_FEATURES)[best]
        labels = x @ rng.standard_normal(NUM_FEATURES)
        return x, np.where(labels > 0, 1.0, 0.0) if self.logistic else labels

    @cached_property
    def states(self) -> tuple[Memory, ...]:
        """The memory before each step of a training, as long as it does not diverge."""
        return tuple(state for state, _ in self._training)

    @cached_property
    def traces(self) -> tuple[Trace, ...]:
        """What every instruction read and wrote in each of those steps."""
        return tuple(trace for _, trace in self._training)

    @cached_property
    def relabeled_memory(self) -> Memory:
        """The memory before the last of those steps if each example had the label of the next one."""
        # A control experiment: same features, same noise, same marginal distribution of labels, but no relation between
        # the two. Whatever differs from ``states[-1]`` was learned from the labels.
        memory = self.first_memory()
        for step_number in range(1, len(self.states)):
            memory, _ = self.step(memory, step_number, label=self.examples[1][step_number % STEPS])
        return memory

    @cached_property
    def _training(self) -> tuple[tuple[Memory, Trace], ...]:
        memory, found = self.first_memory(), []
        # Divergence ends the trace: detectors compare values, and infinite or huge ones would compare as anything.
        for step_number in range(1, STEPS + 1):
            after, trace = self.step(memory, step_number)
            if not np.all(np.abs(self.output(memory, step_number)) < LARGEST):
                break
            found.append((memory, trace))
            memory = after
        return tuple(found)

    def first_memory(self) -> Memory:
        """Return the memory after Setup."""
        # A multiclass program has v2 even if it never uses it, since the executor writes the prediction there.
        counts = self.program.address_counts()
        if self.multiclass:
            counts = replace(counts, vectors=max(counts.vectors, CLASS_PREDICTION + 1))
        memory = Memory(counts, NUM_FEATURES)
        self._execute(SETUP, memory, step_number=0)
        return memory

    def step(
        self,
        state: Memory,
        step_number: int,
        *,
        x: Array | None = None,
        label: Any = None,
        change: Change | None = None,
    ) -> tuple[Memory, Trace]:
        """Run Predict and Learn on a copy of a memory; return the memory afterwards, and the trace.

        Args:
            state: the memory before the step.
            step_number: the number of the step, from 1; it selects the noise and, unless given, the example.
            x: [F] features.
            label: a number or, for many classes, [F]; or a function from the normalized prediction to the label.
            change: a function from a line and its computed value to the value that is stored instead.
        """
        # The same order as in the executor: features, Predict, normalization, prediction and label, Learn.
        memory, features = copy.deepcopy(state), self.features(step_number) if x is None else x
        self._write_example(memory, features, 0.0)
        trace = self._execute(PREDICT, memory, step_number, change)
        prediction = self._normalized(memory)
        wanted = self.examples[1][step_number - 1] if label is None else label
        memory[prediction_cell(self.multiclass)] = prediction
        self._write_example(memory, features, wanted(prediction) if callable(wanted) else wanted)
        return memory, {**trace, **self._execute(LEARN, memory, step_number, change)}

    def features(self, step_number: int) -> Array:
        """Return the features [F] of the example of a step."""
        return np.asarray(self.examples[0][step_number - 1])

    def output(self, state: Memory, step_number: int, x: Array | None = None) -> Array:
        """Return the output of Predict before it is normalized: [1], or [CLASSES]."""
        memory = copy.deepcopy(state)
        self._write_example(memory, self.features(step_number) if x is None else x, 0.0)
        self._execute(PREDICT, memory, step_number)
        value = np.array(memory[prediction_cell(self.multiclass)], np.float64)
        return np.atleast_1d(value)[:CLASSES]

    @np.errstate(all="ignore")
    def normalize(self, output: Array) -> Array:
        """Return an output [1] or [CLASSES] as Learn sees it, after the sigmoid or softmax."""
        if self.multiclass:
            return softmax(output)
        return np.asarray(1.0 / (1.0 + np.exp(-output)) if self.logistic else output)

    def _normalized(self, memory: Memory) -> Any:
        output = memory[prediction_cell(self.multiclass)]
        if self.multiclass:
            return np.pad(self.normalize(output[:CLASSES].copy()), (0, NUM_FEATURES - CLASSES))
        return self.normalize(output)

    def _write_example(self, memory: Memory, x: Array, label: Any) -> None:
        memory[Kind.VECTOR, FEATURES] = x
        memory[Kind.SCALAR, LABEL] = 0.0
        memory[label_cell(self.multiclass)] = label

    def _execute(self, component: str, memory: Memory, step_number: int, change: Change | None = None) -> Trace:
        """Run a component function and return its trace."""
        trace = {}
        for line, instruction, stream in self._lines[component]:
            inputs = tuple(np.array(memory[cell]) for cell in read_cells(instruction))
            execute(instruction, memory, None if stream is None else self._draws(instruction, stream, step_number))
            for target in instruction.outputs():
                # An intervention replaces a stored value, so that later lines of the step read the replacement.
                if change:
                    memory[target] = change(line, memory[target])
                trace[line] = (*inputs, np.array(memory[target]))
        return trace

    def _draws(self, instruction: Instruction, stream: int, step_number: int) -> Array:
        # Noise is a function of (seed, stream, step), not of the state of a generator: repeating a step repeats its
        # noise.
        shape = shape_of(instruction.outputs()[0][0], NUM_FEATURES)
        return NOISE[instruction.row.draws](self.seed, 0, stream, step_number, math.prod(shape)).reshape(shape)

    @cached_property
    def _lines(self) -> Mapping[str, Sequence[tuple[Line, Instruction, int | None]]]:
        found: dict[str, list[tuple[Line, Instruction, int | None]]] = {name: [] for name in COMPONENTS}
        streams = noise_streams(self.program, self.multiclass)
        for (line, instruction), stream in zip(lines_of(self.program), streams, strict=True):
            found[line[0]].append((line, instruction, stream))
        return found
