"""Derived constants: scalars that a program computes from its memory where a constant could stand.

An example is a learning rate norm(v1). Such an expression is a hyper-parameter coupled to the number of features and to
the rest of the memory: it fits the tasks on which the program was evolved, and others only by chance (paper, section
5).

``find_derived_constants`` reads candidates off the code. ``replace_derived_constants`` tries a tuned constant in place
of each, as the paper's authors did by hand. A constant stays if the program does not lose by it: both versions are
tuned with equal budgets on the select tasks, and compared on select tasks of another seed. Final tasks play no part in
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.dataflow.flow import LEARN, SETUP, Cell, label_cell
from automl_zero.analysis.studies.paired_test import paired_difference
from automl_zero.config import Config
from automl_zero.program.ops import Kind
from automl_zero.program.program import COMPONENTS, FEATURES, Instruction, Program
from automl_zero.program.program_edit import (
    Line,
    constant_scalar,
    copy_of,
    free_scalar,
    instruction_at,
    lines_of,
    live_lines,
    rewritten,
)
from automl_zero.program.prune import prune
from automl_zero.program.text import instruction_text
from automl_zero.rng import seed_at
from automl_zero.run.scoring.task_score import fitnesses
from automl_zero.run.scoring.tune import OnProgress, no_progress, tune
from automl_zero.tasks.task import TaskSet, first
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm import reference

EXAMPLES_SEEN = 100  # training examples of the first task before the value of an expression is read


class ValueOrigin(IntEnum):
    """What a value is computed from; of several origins, the greatest counts."""

    FIXED = 0  # constants and draws
    REDUCED = 1  # a scalar computed from vectors or matrices that are not of this example
    STATE = 2  # learned from earlier examples
    EXAMPLE = 3  # the features, label or prediction of this example


_Origins = dict[Cell, ValueOrigin]


@dataclass(frozen=True, slots=True)
class DerivedConstant:
    """A read of a derived constant: the reading line, the index of the input in it (0 or 1), and the scalar address."""

    line: Line
    operand: int
    address: int


@dataclass(frozen=True, slots=True)
class ConstantReplacement:
    """A constant that was tried in place of a derived one.

    Attributes:
        where: the text of the instruction that reads it.
        scalar: the address that the instruction read.
        value: the tuned constant.
        difference: the paired difference in fitness, with the constant minus with the expression.
        kept: whether the constant does not lose.
    """

    where: str
    scalar: str
    value: float
    difference: IntervalEstimate
    kept: bool


@dataclass(frozen=True, slots=True)
class ReplacementStudy:
    """The program, tuned and with the constants that were kept, and all replacements that were tried."""

    program: Program
    tried: tuple[ConstantReplacement, ...]


def find_derived_constants(program: Program, multiclass: bool = False) -> tuple[DerivedConstant, ...]:
    """Return the live reads, in Predict and Learn, of a scalar that was reduced from memory.

    Of ``s1 = mean(m1)``, ``s1 = sin(s1)`` and ``v8 = s1 * v8``, only the last is returned: it reads the complete
    expression.
    """
    live = set(live_lines(program, multiclass))
    return tuple(
        DerivedConstant(line, operand, address)
        for line, inputs, result in _propagate(program, _origins_before_predict(program, multiclass), multiclass)
        if line in live and line[0] != SETUP and result is not ValueOrigin.REDUCED
        for operand, ((kind, address), origin) in enumerate(inputs)
        if kind is Kind.SCALAR and origin is ValueOrigin.REDUCED
    )


def replace_derived_constants(
    program: Program, config: Config, trials: int, workers: int = 1, on_progress: OnProgress = no_progress
) -> ReplacementStudy:
    """Replace derived constants by tuned ones, one after the other, and tune the program.

    Args:
        program: any program.
        config: the tasks, the rules of the evaluation, and the seed.
        trials: the number of trials of each tuning.
        workers: the number of threads.
        on_progress: called after each group of trials.

    Raises:
        TaskError: the tasks cannot be built.
        ProgramError: the program has no unused scalar left for a constant.
    """
    other_seed = seed_at(config.seed, "decouple")
    select, validation = (build_tasks(config.tasks, Stage.SELECT, seed) for seed in (config.seed, other_seed))
    current, tried = tune(program, select, config, trials, workers, on_progress).program, []
    for derived in find_derived_constants(program, select.is_multiclass):
        constant = _typical_value(current, derived, select)
        tuning = tune(with_constant(current, derived, constant), select, config, trials, workers, on_progress)
        one, other = (np.array([fitnesses(each, validation, config)]) for each in (tuning.program, current))
        value = tuning.program.setup[0].data[0]
        tried.append(_replacement(current, derived, value, paired_difference(one, other)))
        if tried[-1].kept:
            current = tuning.program
    return ReplacementStudy(prune(current, select.is_multiclass), tuple(tried))


def with_constant(program: Program, derived: DerivedConstant, value: float) -> Program:
    """Return the program in which that read uses a scalar of its own, set to the value by the first line of Setup."""
    address = free_scalar(program)
    reader = instruction_at(program, derived.line)
    reading = replace(reader, in1=address) if derived.operand == 0 else replace(reader, in2=address)
    changed_program = rewritten(program, {derived.line: (reading,)})
    return replace(changed_program, setup=(constant_scalar(address, value), *changed_program.setup))


def _typical_value(program: Program, derived: DerivedConstant, tasks: TaskSet) -> float:
    """Return what is read there after some examples of the first task; 1 where that is 0 or not finite."""
    # A copy into an unused scalar right before the read keeps the value until the end of the run.
    address = free_scalar(program)
    copy = copy_of(Kind.SCALAR, derived.address, address)
    watched = rewritten(program, {derived.line: (copy, instruction_at(program, derived.line))})
    _, memory = reference.run(watched, _few_examples(tasks), 0)
    value = float(memory[Kind.SCALAR, address])
    return value if value and np.isfinite(value) else 1.0  # tuning multiplies, so that 0 would stay 0


def _few_examples(tasks: TaskSet) -> TaskSet:
    # Training examples only, in their order; the value is read in training, and validation would add to it.
    one, count = first(tasks, 1), min(EXAMPLES_SEEN, tasks.num_train_examples)
    return replace(
        one,
        train_x=one.train_x[:, :count],
        train_y=one.train_y[:, :count],
        valid_x=one.valid_x[:, :1],
        valid_y=one.valid_y[:, :1],
        train_order=np.arange(count)[None, :],
    )


def _replacement(
    program: Program, derived: DerivedConstant, value: float, difference: IntervalEstimate
) -> ConstantReplacement:
    return ConstantReplacement(
        where=instruction_text(instruction_at(program, derived.line)),
        scalar=f"s{derived.address}",
        value=value,
        difference=difference,
        kept=difference.high >= 0,  # the interval does not lie below 0: no evidence of a loss
    )


def _origins_before_predict(program: Program, multiclass: bool) -> _Origins:
    """Return the origins at the entry of Predict, where values of Setup and of all earlier examples meet."""
    memory: _Origins = {}
    for line, instruction in lines_of(program):
        if line[0] == SETUP:
            _execute(instruction, memory)
    # A fixed point: the joined origin of a cell never decreases, and there are four origins, so the loop ends.
    while True:
        after = dict(memory)
        for _ in _propagate(program, after, multiclass):
            pass
        # For the next example, what was of this example is state.
        joined = {cell: max(memory.get(cell, ValueOrigin.FIXED), min(after[cell], ValueOrigin.STATE)) for cell in after}
        if joined == memory:
            return memory
        memory = joined


def _propagate(
    program: Program, memory: _Origins, multiclass: bool
) -> Iterator[tuple[Line, list[tuple[Cell, ValueOrigin]], ValueOrigin]]:
    """Run Predict and Learn once on origins; yield each line, its inputs with their origins, and that of its result."""
    for component in COMPONENTS[1:]:
        memory[Kind.VECTOR, FEATURES] = ValueOrigin.EXAMPLE
        memory[label_cell(multiclass)] = ValueOrigin.EXAMPLE if component == LEARN else ValueOrigin.FIXED
        for line, instruction in lines_of(program):
            if line[0] == component and instruction.row.output is not None:
                inputs = [(cell, memory.get(cell, ValueOrigin.FIXED)) for cell in instruction.inputs()]
                yield line, inputs, _execute(instruction, memory)


def _execute(instruction: Instruction, memory: _Origins) -> ValueOrigin:
    """Write the origin of the result to the output cell, and return it."""
    result = ValueOrigin.FIXED
    for cell in instruction.outputs():
        result = _result(instruction, cell, memory)
        memory[cell] = result
    return result


def _result(instruction: Instruction, target: Cell, memory: Mapping[Cell, ValueOrigin]) -> ValueOrigin:
    inputs = instruction.inputs()
    origins = [
        memory.get(cell, ValueOrigin.FIXED) for cell in (*inputs, *([target] if instruction.row.partial else []))
    ]
    greatest = max(origins, default=ValueOrigin.FIXED)
    if greatest is ValueOrigin.EXAMPLE:
        # What is added to a cell that holds no value of this example, such as a gradient to weights, becomes part of
        # the state: w = w + g is STATE, while e = e - p of the same example is EXAMPLE.
        is_update = (
            len(inputs) > 1 and target in inputs and memory.get(target, ValueOrigin.FIXED) is not ValueOrigin.EXAMPLE
        )
        return ValueOrigin.STATE if is_update else ValueOrigin.EXAMPLE
    if target[0] is not Kind.SCALAR:
        return ValueOrigin.STATE if greatest is ValueOrigin.REDUCED else greatest
    # A scalar. Scalar inputs decide if one of them is state; otherwise any vector or matrix input makes it a reduction.
    scalars = [memory.get(cell, ValueOrigin.FIXED) for cell in inputs if cell[0] is Kind.SCALAR]
    if ValueOrigin.STATE in scalars:
        return ValueOrigin.STATE
    return ValueOrigin.REDUCED if len(scalars) < len(inputs) else max(scalars, default=ValueOrigin.FIXED)
