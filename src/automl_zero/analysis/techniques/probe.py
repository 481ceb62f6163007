"""A program run by hand: single steps from any memory, with labels of one's choice, to see what it does.

Instructions are run by the reference in float64. A step is a function of the memory, the example and the tick: the same
tick has the same noise, so that two steps differ by nothing but what was changed on purpose.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from automl_zero.analysis.dataflow.findings import Line
from automl_zero.analysis.dataflow.flow import LEARN, PREDICT, SETUP, label_cell, prediction_cell, read_cells
from automl_zero.analysis.dataflow.program_edit import lines_of
from automl_zero.program.ops import Array, Kind
from automl_zero.program.program import CLASS_PREDICTION, COMPONENTS, FEATURES, LABEL, Instruction, Program
from automl_zero.rng import generator_at
from automl_zero.vm.fitness import softmax
from automl_zero.vm.reference import NOISE, Memory, execute, noise_streams, shape_of

NUM_FEATURES, STEPS, CLASSES = 4, 60, 3
SCALE = 0.5  # of the features: programs of large learning rates remain finite for longer
LARGEST = 100.0  # output of a program that has not diverged
Change = Callable[[Line, Any], Any]
Trace = Mapping[Line, tuple[Any, ...]]  # of each line that has run, its inputs and then its output


@dataclass(frozen=True, eq=False)
class Probe:
    """A program and examples for it, whose labels are a linear function of the features.

    Attributes:
        program, multiclass: what is run.
        logistic: whether predictions go through the sigmoid, as in tasks of two classes; of more classes, they always
            go through the softmax.
        seed: of examples and noise.
    """

    program: Program
    multiclass: bool = False
    logistic: bool = False
    seed: int = 0

    @cached_property
    def examples(self) -> tuple[Array, Array]:
        """Features [STEPS, F], and labels: [STEPS], or one-hot [STEPS, F] of many classes."""
        rng = generator_at(self.seed, "probe")
        x = SCALE * rng.standard_normal((STEPS, NUM_FEATURES))
        if self.multiclass:
            best = np.argmax(x @ rng.standard_normal((NUM_FEATURES, CLASSES)), axis=1)
            return x, np.eye(NUM_FEATURES)[best]
        labels = x @ rng.standard_normal(NUM_FEATURES)
        return x, np.where(labels > 0, 1.0, 0.0) if self.logistic else labels

    @cached_property
    def states(self) -> tuple[Memory, ...]:
        """The memory before each step of the training, as long as it does not diverge."""
        return tuple(state for state, _ in self._training)

    @cached_property
    def traces(self) -> tuple[Trace, ...]:
        """What every instruction has read and written in each of these steps."""
        return tuple(trace for _, trace in self._training)

    @cached_property
    def otherwise(self) -> Memory:
        """The memory before the last of these steps if the examples had had each other's labels."""
        memory = self.first_memory()
        for tick in range(1, len(self.states)):
            memory, _ = self.step(memory, tick, label=self.examples[1][tick % STEPS])
        return memory

    @cached_property
    def _training(self) -> tuple[tuple[Memory, Trace], ...]:
        memory, found = self.first_memory(), []
        for tick in range(1, STEPS + 1):
            after, trace = self.step(memory, tick)
            if not np.all(np.abs(self.output(memory, tick)) < LARGEST):
                break
            found.append((memory, trace))
            memory = after
        return tuple(found)

    def first_memory(self) -> Memory:
        """What Setup leaves."""
        counts = self.program.address_counts()
        if self.multiclass:
            counts = replace(counts, vectors=max(counts.vectors, CLASS_PREDICTION + 1))
        memory = Memory(counts, NUM_FEATURES)
        self._execute(SETUP, memory, tick=0)
        return memory

    def step(
        self, state: Memory, tick: int, *, x: Array | None = None, label: Any = None, change: Change | None = None
    ) -> tuple[Memory, Trace]:
        """Predict and Learn, from a memory that stays as it is; gives the memory afterwards, and what was computed.

        Args:
            state: the memory before.
            tick: the number of the step, from 1; it decides the noise and, unless given, the example.
            x: [F] features.
            label: a number or, of many classes, [F]; or a function that gives it for the normalized prediction.
            change: gives, for a line and what it has computed, what is stored in place of that.
        """
        memory, features = copy.deepcopy(state), self.features(tick) if x is None else x
        self._show(memory, features, 0.0)
        trace = self._execute(PREDICT, memory, tick, change)
        prediction = self._normalized(memory)
        wanted = self.examples[1][tick - 1] if label is None else label
        memory[prediction_cell(self.multiclass)] = prediction
        self._show(memory, features, wanted(prediction) if callable(wanted) else wanted)
        return memory, {**trace, **self._execute(LEARN, memory, tick, change)}

    def features(self, tick: int) -> Array:
        """[F] of the example of a step."""
        return np.asarray(self.examples[0][tick - 1])

    def output(self, state: Memory, tick: int, x: Array | None = None) -> Array:
        """What Predict gives, before it is normalized: [1], or [CLASSES]."""
        memory = copy.deepcopy(state)
        self._show(memory, self.features(tick) if x is None else x, 0.0)
        self._execute(PREDICT, memory, tick)
        value = np.array(memory[prediction_cell(self.multiclass)], np.float64)
        return np.atleast_1d(value)[:CLASSES]

    @np.errstate(all="ignore")
    def normalize(self, output: Array) -> Array:
        """[1] or [CLASSES] as Learn sees it."""
        if self.multiclass:
            return softmax(output)
        return np.asarray(1.0 / (1.0 + np.exp(-output)) if self.logistic else output)

    def _normalized(self, memory: Memory) -> Any:
        output = memory[prediction_cell(self.multiclass)]
        if self.multiclass:
            return np.pad(self.normalize(output[:CLASSES].copy()), (0, NUM_FEATURES - CLASSES))
        return self.normalize(output)

    def _show(self, memory: Memory, x: Array, label: Any) -> None:
        memory[Kind.VECTOR, FEATURES] = x
        memory[Kind.SCALAR, LABEL] = 0.0
        memory[label_cell(self.multiclass)] = label

    def _execute(self, component: str, memory: Memory, tick: int, change: Change | None = None) -> Trace:
        """Run a component function."""
        trace = {}
        for line, instruction, stream in self._lines[component]:
            inputs = tuple(np.array(memory[cell]) for cell in read_cells(instruction))
            execute(instruction, memory, None if stream is None else self._draws(instruction, stream, tick))
            for target in instruction.outputs():
                if change:
                    memory[target] = change(line, memory[target])
                trace[line] = (*inputs, np.array(memory[target]))
        return trace

    def _draws(self, instruction: Instruction, stream: int, tick: int) -> Array:
        shape = shape_of(instruction.outputs()[0][0], NUM_FEATURES)
        return NOISE[instruction.row.draws](self.seed, 0, stream, tick, math.prod(shape)).reshape(shape)

    @cached_property
    def _lines(self) -> Mapping[str, Sequence[tuple[Line, Instruction, int | None]]]:
        found: dict[str, list[tuple[Line, Instruction, int | None]]] = {name: [] for name in COMPONENTS}
        streams = noise_streams(self.program, self.multiclass)
        for (line, instruction), stream in zip(lines_of(self.program), streams, strict=True):
            found[line[0]].append((line, instruction, stream))
        return found
