"""Every language: each op, each library program and random programs compute what the reference computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from support.programs import exports
from support.programs import golden_data as golden
from support.programs.exports import (
    RUNNING,
    agrees,
    each_language,
    in_float64,
    load,
    prediction_of,
    random_program,
)
from support.programs.reference_cases import COUNTS, NOISY_PROGRAMS, TASK_SETS

from automl_zero.codegen import jax, latex, numpy, python, torch
from automl_zero.codegen.languages import LANGUAGES
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import source_of
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.ops import BY_NAME, INDEX_CONSTANTS, OPS, Kind, Op
from automl_zero.program.program import AddressCounts, Instruction, Program
from automl_zero.tasks.task import TaskSet
from automl_zero.vm import reference

RANDOM_PROGRAMS = 201  # that are compared, as many on each set of tasks
MIN_COMPARED = 0.75  # of those drawn; the others amplify rounding until it decides what they predict
SPECIAL = np.array([nan, inf, -inf, 0.0, -0.0, 0.5, -0.7, 3.0, -20.0, 800.0, 1e200])
F = 3

each_task_set = pytest.mark.parametrize("tasks", TASK_SETS.values(), ids=list(TASK_SETS))


@contextmanager
def one_by_one(language: str) -> Iterator[None]:
    """JAX without compilation, which for so many programs would take longer than all else."""
    if language != "jax":
        yield
        return
    import jax as the_real_one

    with the_real_one.disable_jit():
        yield


@pytest.mark.parametrize("template", [numpy.template, python.template, jax.template, torch.template, latex.template])
@pytest.mark.parametrize("op", OPS[1:], ids=lambda op: op.name)
def test_every_op_has_a_template_with_all_of_its_operands(op: Op, template: Any) -> None:
    slots = {name: f"<{name}>" for name in (*("in1", "in2")[: len(op.inputs)], "out", *op.constants)}
    text = template(op).format_map(slots)
    shown = [name for name in op.constants if name not in INDEX_CONSTANTS or template is not latex.template]
    assert all(f"<{name}>" in text for name in (*("in1", "in2")[: len(op.inputs)], *shown))


@each_language
@pytest.mark.parametrize("op", OPS[1:], ids=lambda op: op.name)
def test_every_op_does_what_its_row_says_whatever_its_inputs(op: Op, language: str) -> None:
    rng = np.random.default_rng(op.number)
    memory = reference.Memory(AddressCounts(3, 3, 3), F)
    instruction = Instruction(op.number, 1, 2, 2, (0.4,) * len(op.constants))
    with in_float64(language), one_by_one(language), np.errstate(all="ignore"):
        module, names = op_module(language, instruction)
        for trial in range(12):
            for bank in memory.banks:
                bank[...] = rng.normal(size=bank.shape) if trial < 4 else rng.choice(SPECIAL, bank.shape)
            drawn = rng.random(F**op.output) if op.draws and op.output is not None else None
            actual = op_output(module, names, memory, instruction, drawn)
            reference.execute(instruction, memory, None if drawn is None else drawn.reshape((F,) * op.output))
            (output,) = instruction.outputs()
            assert not golden.differs(actual, memory[output], 1e-12, 1e-13).any(), (actual, memory[output])


def op_module(language: str, instruction: Instruction) -> tuple[Any, tuple[tuple[Kind, int], ...]]:
    """An export whose Predict is that instruction, and what its memory holds; Learn reads the output."""
    ((kind, out),) = instruction.outputs()
    reader = Instruction(BY_NAME[f"{kind.name.lower()}_abs"].number, out, 0, out)
    source = source_of(Program(predict=(instruction,), learn=(reader,)), Prediction.REGRESSION, "one op", raw=True)
    return load(LANGUAGES[language].write(source)), source.memory


def op_output(module: Any, names: Any, memory: Any, instruction: Instruction, drawn: Any) -> Any:
    values = [memory[operand].copy() for operand in names]
    if hasattr(module, "jnp"):
        values = [module.jnp.array(each) for each in values]
    elif not hasattr(module, "np"):
        values = [each.tolist() for each in values]
        values = (
            [module.torch.tensor(each, dtype=module.FLOAT) for each in values] if hasattr(module, "torch") else values
        )
    given = iter(drawn) if drawn is not None and not hasattr(module, "jnp") else drawn
    noise = () if drawn is None else (exports.Recorded(given, module),)
    after = module.predict(module.Memory(*values), *noise)
    return exports.plain(after[names.index(instruction.outputs()[0])])


@each_language
@each_task_set
@pytest.mark.parametrize("name", LIBRARY)
def test_every_library_program_agrees_with_the_reference(name: str, tasks: TaskSet, language: str) -> None:
    program = library_program(name)
    with one_by_one(language):
        compared = [agrees(language, source_of(program, prediction_of(tasks), name), tasks, task) for task in (0, 1)]
    assert any(compared)


@pytest.mark.parametrize("name", ["noisy_relu", "affine_regression"])
@each_task_set
def test_compiled_jax_agrees_with_the_reference(name: str, tasks: TaskSet) -> None:
    assert agrees("jax", source_of(library_program(name), prediction_of(tasks), name), tasks)


@each_language
@each_task_set
def test_random_programs_agree_with_the_reference(tasks: TaskSet, language: str) -> None:
    wanted = RANDOM_PROGRAMS // len(TASK_SETS)
    programs = (random_program(seed, COUNTS, tasks.is_multiclass) for seed in count())
    drawn = compared = 0
    with one_by_one(language):
        while compared < wanted:
            drawn += 1
            compared += agrees(language, source_of(next(programs), prediction_of(tasks), "random"), tasks)
    assert compared >= MIN_COMPARED * drawn


@pytest.mark.parametrize("language", ["python", "numpy"])
@each_task_set
@settings(max_examples=30, deadline=None)
@given(program=NOISY_PROGRAMS)
def test_what_has_no_effect_may_stay_or_go_noise_included(program: Program, tasks: TaskSet, language: str) -> None:
    prediction = prediction_of(tasks)
    agrees(language, source_of(program, prediction, "raw", raw=True), tasks)
    agrees(language, source_of(program, prediction, "pruned"), tasks)


def test_all_that_runs_is_compared() -> None:
    assert RUNNING == ["python", "numpy", "jax", "torch"]
