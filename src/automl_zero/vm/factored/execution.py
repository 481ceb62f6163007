"""Evaluate programs on many features, with matrices as sums of outer products where the program allows it.

The reference executes one instruction after the other, and so does this module; only matrices have another form
(``matrices``), and vectors that are combinations of known ones are marked as such (``known_vectors``). An instruction
without a rule below gets the elements of its matrices, and its result has elements, so every program can be evaluated.
The numbers are those of the compiled engine but for rounding, which depends on the BLAS library of the machine: good
for studies of a program, not for a search, whose results must be the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from automl_zero.program.ops import Array, Kind
from automl_zero.program.program import FEATURES, AddressCounts, Instruction, Program
from automl_zero.program.prune import prune
from automl_zero.tasks.task import IntArray, TaskSet
from automl_zero.vm import reference
from automl_zero.vm.factored.known_vectors import ONES, Combination, KnownVectors, combined, scaled
from automl_zero.vm.factored.matrices import Dense, FactoredMatrix, Factors, Moments
from automl_zero.vm.reference import SETUP, Execution
from automl_zero.vm.result import Evaluation, Output, ScoredEpochs
from automl_zero.vm.stop_flag import StopFlag

EXAMPLES = "examples"  # sequences of features; that of a random instruction has the number of its noise stream


def evaluate(
    program: Program,
    tasks: TaskSet,
    *,
    dtype: str = "float32",
    max_abs_error: float = 100.0,
    num_predictions: int = 5,
    stop: StopFlag | None = None,
    epochs: ScoredEpochs = "best",
) -> list[Evaluation]:
    """Evaluate a program on every task of a set, as ``vm.execute.evaluate`` does, but for rounding.

    Raises:
        Stopped: the flag was raised before the evaluation had ended.

    Example:
        >>> x = np.arange(12.0).reshape(1, 6, 2) / 10
        >>> tasks = TaskSet("one", x, x[..., 0], x, x[..., 0], Loss.RMSE)
        >>> (evaluation,) = evaluate(library_program("linear_regression"), tasks)
        >>> evaluation.train_steps
        6
    """
    # Pruning changes no result, and what is dead need not have another form either.
    pruned, found = prune(program, tasks.is_multiclass), []
    rules = _Rules(dtype, max_abs_error, stop or StopFlag())
    for task in range(len(tasks)):
        execution = _FactoredExecution(pruned, tasks, task, rules)
        found.append(reference.evaluate_with(execution, num_predictions=num_predictions, epochs=epochs))
    return found


class _Rules(NamedTuple):
    """The precision, the largest error that does not stop a task, and the flag that ends the evaluation."""

    dtype: str
    max_abs_error: float
    stop: StopFlag


class _FactoredMemory(reference.Memory):
    """A memory whose matrices are factored, and whose vectors may be known combinations.

    Attributes:
        combinations: [V] of each vector, or None.
        factors: the outer products of the current block of examples.
    """

    def __init__(self, counts: AddressCounts, num_features: int, dtype: str) -> None:
        # The banks of the reference hold scalars and vectors; F^2 elements of each matrix are what is to be avoided.
        super().__init__(AddressCounts(counts.scalars, counts.vectors, 0), num_features)
        self.banks = tuple(bank.astype(dtype) for bank in self.banks)
        self.combinations: list[Combination | None] = [None] * counts.vectors
        self.factors = Factors(num_features, dtype)
        self.matrices = [self.zero() for _ in range(counts.matrices)]

    def __setitem__(self, operand: tuple[Kind, int], value: Any) -> None:
        kind, address = operand
        if kind is Kind.MATRIX:
            self.matrices[address] = value if isinstance(value, FactoredMatrix) else self.of_elements(value)
            return
        super().__setitem__(operand, value)
        # Nothing is known of a vector, unless the rule that writes it says so afterwards.
        if kind is Kind.VECTOR:
            self.combinations[address] = None

    def zero(self) -> FactoredMatrix:
        """Return the matrix of zeros."""
        return FactoredMatrix({}, self.factors, np.zeros(0))

    def of_elements(self, elements: Array) -> FactoredMatrix:
        """Return a matrix with these elements, broadcast to its shape."""
        size, dtype = self.factors.left.shape[1], self.factors.left.dtype
        array = np.array(np.broadcast_to(elements, (size, size)), dtype)
        return FactoredMatrix({Dense(array): 1.0}, self.factors, np.zeros(0))


class _FactoredExecution(Execution):
    """The execution of one program on one task, with a factored memory."""

    memory: _FactoredMemory

    def __init__(self, program: Program, tasks: TaskSet, task: int, rules: _Rules) -> None:
        super().__init__(program, tasks, task, rules.max_abs_error)
        counts = AddressCounts(*(len(bank) for bank in self.memory.banks))
        self.memory = _FactoredMemory(counts, tasks.num_features, rules.dtype)
        self.known = KnownVectors(tasks.num_features, rules.dtype)
        self._stop, self._examples = rules.stop, EXAMPLES
        for component in self.components:
            for instruction, stream in component:
                if stream is not None and instruction.row.output is Kind.VECTOR:
                    self._add_draws(instruction, stream)

    def _add_draws(self, instruction: Instruction, stream: int) -> None:
        self.known.add(str(stream), lambda step: self.draws(instruction, stream, step))

    def train(self, examples: IntArray, first_step: int) -> list[float]:
        """Train as the reference does; the examples are known from the beginning."""
        own = self.tasks.train_x[self.task]
        self._begin(lambda number: own[examples[number]], first_step, len(examples))
        return super().train(examples, first_step)

    def validate(self, first_step: int) -> tuple[list[Output], list[float], list[float]]:
        """Validate as the reference does; the examples are known from the beginning."""
        own = self.tasks.valid_x[self.task]
        self._begin(lambda number: own[number], first_step, len(own))
        return super().validate(first_step)

    def _begin(self, example: Callable[[int], Array], first_step: int, count: int) -> None:
        # A name for each training and validation: a vector may keep the features of an example of an earlier one.
        self._examples = f"{EXAMPLES} from step {first_step}"
        self.known.begin(range(first_step, first_step + count))
        self.known.add(self._examples, lambda step: example(step - first_step))

    @np.errstate(all="ignore")
    def execute(self, component: int, execution_step: int) -> None:
        """Run a component function; at the first step of a block, outer products are noted from the beginning."""
        self._stop.check()
        memory = self.memory
        # A block ends where the next example is predicted, so that one example is never split between two.
        if component == reference.PREDICT and self.known.starts_block(execution_step):
            memory.factors = Factors(self.tasks.num_features, memory.factors.left.dtype.name)
        if component != SETUP:  # the features have been written just now
            memory.combinations[FEATURES] = {(self._examples, execution_step): 1.0}
        for instruction, stream in self.components[component]:
            # Three ways: by a rule, as a draw that is known in advance, or as the reference does it.
            rule = RULES.get(instruction.row.name)
            if rule is not None:
                rule(self, instruction)
            elif stream is not None and instruction.row.output is Kind.VECTOR:
                self._draw_vector(instruction, stream, execution_step)
            else:
                self._execute_by_elements(instruction, stream, execution_step)

    def _draw_vector(self, instruction: Instruction, stream: int, execution_step: int) -> None:
        source = str(stream), execution_step
        target = (Kind.VECTOR, instruction.out)
        self.memory[target] = instruction.row.meaning(self.known.vector(source), *instruction.data)
        offset, spread = _affine(instruction)
        self.memory.combinations[instruction.out] = {ONES: offset, source: spread}

    def _execute_by_elements(self, instruction: Instruction, stream: int | None, execution_step: int) -> None:
        """Run an instruction as the reference does, on the elements of its matrices."""
        memory, row = self.memory, instruction.row
        for target in instruction.outputs():
            old = [self._elements(target)] if row.partial else []
            if stream is not None:
                arguments = [self.draws(instruction, stream, execution_step)]
            else:
                arguments = [self._elements(operand) for operand in instruction.inputs()]
            memory[target] = row.meaning(*old, *arguments, *instruction.data)

    def _elements(self, operand: tuple[Kind, int]) -> Any:
        kind, address = operand
        return self.memory.matrices[address].elements() if kind is Kind.MATRIX else self.memory[operand]


def _affine(instruction: Instruction) -> tuple[float, float]:
    """Return the offset and the factor by which a draw becomes the result of a random instruction."""
    # As in program.ops: low + max(high - low, 0) u for a uniform draw u, mean + std z for a normal draw z.
    first, second = instruction.data
    return (first, max(second - first, 0.0)) if instruction.row.draws == "uniform" else (first, second)


def _vector_sum(execution: _FactoredExecution, instruction: Instruction) -> None:
    _add_vectors(execution, instruction, 1.0)


def _vector_difference(execution: _FactoredExecution, instruction: Instruction) -> None:
    _add_vectors(execution, instruction, -1.0)


def _add_vectors(execution: _FactoredExecution, instruction: Instruction, sign: float) -> None:
    memory = execution.memory
    # Read before the result is written: the output may be one of the inputs.
    one, other = (memory.combinations[address] for address in (instruction.in1, instruction.in2))
    memory[Kind.VECTOR, instruction.out] = instruction.row.meaning(*map(memory.__getitem__, instruction.inputs()))
    memory.combinations[instruction.out] = combined(one, other, sign)


def _scaled_vector(execution: _FactoredExecution, instruction: Instruction) -> None:
    memory = execution.memory
    factor, combination = memory[Kind.SCALAR, instruction.in1], memory.combinations[instruction.in2]
    memory[Kind.VECTOR, instruction.out] = factor * memory[Kind.VECTOR, instruction.in2]
    memory.combinations[instruction.out] = scaled(combination, float(factor))


def _broadcast(execution: _FactoredExecution, instruction: Instruction) -> None:
    memory = execution.memory
    value = memory[Kind.SCALAR, instruction.in1]
    memory[Kind.VECTOR, instruction.out] = value
    memory.combinations[instruction.out] = {ONES: float(value)}


def _matrix_sum(execution: _FactoredExecution, instruction: Instruction) -> None:
    _add_matrices(execution, instruction, 1.0)


def _matrix_difference(execution: _FactoredExecution, instruction: Instruction) -> None:
    _add_matrices(execution, instruction, -1.0)


def _add_matrices(execution: _FactoredExecution, instruction: Instruction, sign: float) -> None:
    memory = execution.memory
    one, other = memory.matrices[instruction.in1], memory.matrices[instruction.in2]
    memory.matrices[instruction.out] = one.plus(other, sign, memory.factors)


def _scaled_matrix(execution: _FactoredExecution, instruction: Instruction) -> None:
    memory = execution.memory
    factor = float(memory[Kind.SCALAR, instruction.in1])
    memory.matrices[instruction.out] = memory.matrices[instruction.in2].scaled(factor, memory.factors)


def _outer_product(execution: _FactoredExecution, instruction: Instruction) -> None:
    memory = execution.memory
    left, right = (memory[operand] for operand in instruction.inputs())
    # The right vector is what the matrix multiplies when its moments are brought up to date.
    number = memory.factors.add(left, right, memory.combinations[instruction.in2])
    weights = np.zeros(number + 1)
    weights[number] = 1.0
    memory.matrices[instruction.out] = FactoredMatrix({}, memory.factors, weights)


def _matrix_vector(execution: _FactoredExecution, instruction: Instruction) -> None:
    memory = execution.memory
    vector, combination = memory[Kind.VECTOR, instruction.in2], memory.combinations[instruction.in2]
    matrix = memory.matrices[instruction.in1]
    memory[Kind.VECTOR, instruction.out] = matrix.times(vector, combination, execution.known, memory.factors)


def _norm(execution: _FactoredExecution, instruction: Instruction) -> None:
    _set_of_moments(execution, instruction, Moments.norm)


def _mean(execution: _FactoredExecution, instruction: Instruction) -> None:
    _set_of_moments(execution, instruction, Moments.mean)


def _deviation(execution: _FactoredExecution, instruction: Instruction) -> None:
    _set_of_moments(execution, instruction, Moments.deviation)


def _set_of_moments(
    execution: _FactoredExecution, instruction: Instruction, value_of: Callable[[Moments], float]
) -> None:
    memory = execution.memory
    moments = memory.matrices[instruction.in1].moments(execution.known, memory.factors)
    # Infinite elements have no moments: the elements themselves would give NaN, too, or infinity.
    is_finite = math.isfinite(moments.total) and math.isfinite(moments.squares)
    memory[Kind.SCALAR, instruction.out] = value_of(moments) if is_finite else math.nan


Rule: TypeAlias = Callable[[_FactoredExecution, Instruction], None]
# What has a rule here keeps matrices factored, or states which known vectors a vector is made of.
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "vector_sum": _vector_sum,
        "vector_diff": _vector_difference,
        "scalar_vector_product": _scaled_vector,
        "scalar_broadcast": _broadcast,
        "matrix_sum": _matrix_sum,
        "matrix_diff": _matrix_difference,
        "scalar_matrix_product": _scaled_matrix,
        "vector_outer_product": _outer_product,
        "matrix_vector_product": _matrix_vector,
        "matrix_norm": _norm,
        "matrix_mean": _mean,
        "matrix_st_dev": _deviation,
    }
)
