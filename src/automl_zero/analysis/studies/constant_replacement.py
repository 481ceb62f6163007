"""Hyper-parameters set free: where a program computes one from its memory, a tuned constant is tried in its place.

The paper's authors did this by hand (section 5). A constant stays if the program does not lose by it: both are tuned
with equal budgets on the select tasks, and compared on select tasks of another seed. Final tasks have no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.dataflow.program_edit import constant_scalar, copy_of, free_scalar, instruction_at, rewritten
from automl_zero.analysis.studies.derived_constants import Use, coupled_uses
from automl_zero.analysis.studies.paired_test import paired_difference
from automl_zero.analysis.studies.tune import OnProgress, no_progress, tune
from automl_zero.config import Config
from automl_zero.program.ops import Kind
from automl_zero.program.program import Program
from automl_zero.program.prune import prune
from automl_zero.program.text import instruction_text
from automl_zero.rng import seed_at
from automl_zero.run.scoring.task_score import fitnesses
from automl_zero.tasks.task import TaskSet, first
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm import reference

EXAMPLES_SEEN = 100  # of the first task, before the value of an expression is read


@dataclass(frozen=True, slots=True)
class Replacement:
    """A constant tried in place of an expression.

    Attributes:
        where: the instruction that reads it, as text.
        scalar: the address it was read from.
        value: of the constant, as tuned.
        difference: of the fitness with the constant from that with the expression.
        kept: whether the constant does not lose.
    """

    where: str
    scalar: str
    value: float
    difference: IntervalEstimate
    kept: bool


@dataclass(frozen=True, slots=True)
class Decoupling:
    """The program, tuned, with the constants that were kept; and all that were tried."""

    program: Program
    tried: tuple[Replacement, ...]


def decouple(
    program: Program, config: Config, trials: int, workers: int = 1, on_progress: OnProgress = no_progress
) -> Decoupling:
    """Replace what can be replaced, one expression after the other, and tune.

    Raises:
        TaskError: the tasks cannot be built.
        ProgramError: the program has no scalar left for a constant.
    """
    fresh = seed_at(config.seed, "decouple")
    select, judge = (build_tasks(config.tasks, Stage.SELECT, seed) for seed in (config.seed, fresh))
    current, tried = tune(program, select, config, trials, workers, on_progress).program, []
    for use in coupled_uses(program, select.is_multiclass):
        constant = _typical_value(current, use, select)
        tuning = tune(with_constant(current, use, constant), select, config, trials, workers, on_progress)
        one, other = (np.array([fitnesses(each, judge, config)]) for each in (tuning.program, current))
        difference = paired_difference(one, other)
        value = tuning.program.setup[0].data[0]
        tried.append(_replacement(current, use, value, difference))
        if tried[-1].kept:
            current = tuning.program
    return Decoupling(prune(current, select.is_multiclass), tuple(tried))


def with_constant(program: Program, use: Use, value: float) -> Program:
    """The program that reads a scalar of its own there, which the first line of Setup sets to the value."""
    address = free_scalar(program)
    reader = instruction_at(program, use.line)
    reading = replace(reader, in1=address) if use.operand == 0 else replace(reader, in2=address)
    changed_program = rewritten(program, {use.line: (reading,)})
    return replace(changed_program, setup=(constant_scalar(address, value), *changed_program.setup))


def _typical_value(program: Program, use: Use, tasks: TaskSet) -> float:
    """What is read there after some examples of the first task; 1 where that is 0 or no number."""
    address = free_scalar(program)
    kept = copy_of(Kind.SCALAR, use.address, address)
    watched = rewritten(program, {use.line: (kept, instruction_at(program, use.line))})
    _, memory = reference.run(watched, _few_examples(tasks), 0)
    value = float(memory[Kind.SCALAR, address])
    return value if value and np.isfinite(value) else 1.0


def _few_examples(tasks: TaskSet) -> TaskSet:
    one, count = first(tasks, 1), min(EXAMPLES_SEEN, tasks.num_train_examples)
    return replace(
        one,
        train_x=one.train_x[:, :count],
        train_y=one.train_y[:, :count],
        valid_x=one.valid_x[:, :1],
        valid_y=one.valid_y[:, :1],
        train_order=np.arange(count)[None, :],
    )


def _replacement(program: Program, use: Use, value: float, difference: IntervalEstimate) -> Replacement:
    where = instruction_text(instruction_at(program, use.line))
    return Replacement(where, f"s{use.address}", value, difference, difference.high >= 0)
