"""Component functions as Python source: each takes the memory, a named tuple, and returns the changed one.

Nothing is changed in place, so that two addresses may share a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import Source, Statement, address, reads, writes
from automl_zero.program.ops import Op
from automl_zero.program.program import COMPONENTS, Instruction

Template = Callable[[Op], str]

SIZE = "n_features"  # F, in the expressions of ops
_MEANINGS = (
    "Setup: what is done once, before the first example.",
    "Predict: from the features in v0 to the prediction in {prediction}.",
    "Learn: what follows from the label in {label}.",
)
_ONE, _MANY = {"prediction": "s1", "label": "s0"}, {"prediction": "v2", "label": "v1"}
_NAMES = {Prediction.REGRESSION: _ONE, Prediction.BINARY: _ONE, Prediction.MULTICLASS: _MANY}
_NAMES_IN_A_LINE = 6

# Ops that set one element or draw, as calls of functions that the file templates of NumPy and of plain Python define.
SETTERS: Mapping[str, str] = MappingProxyType(
    {
        "set_element": "replaced({out}, {value}, {index})",
        "set_matrix_element": "replaced({out}, {value}, {row}, {column})",
        "scalar_uniform_set": "noise.uniform({low}, {high}, ())",
        "vector_uniform_set": "noise.uniform({low}, {high}, (n_features,))",
        "matrix_uniform_set": "noise.uniform({low}, {high}, (n_features, n_features))",
        "scalar_gaussian_set": "noise.gaussian({mean}, {std}, ())",
        "vector_gaussian_set": "noise.gaussian({mean}, {std}, (n_features,))",
        "matrix_gaussian_set": "noise.gaussian({mean}, {std}, (n_features, n_features))",
    }
)


def row_of(table: Mapping[str, str], op: Op) -> str:
    """Return the entry of an op in a table that is keyed by op names and, for all other ops of a family, by family.

    Raises:
        KeyError: the table has neither; the language lacks a form for that op.
    """
    return table[op.name] if op.name in table else table[op.family]


def expression(instruction: Instruction, template: Template) -> str:
    """Return the expression of an instruction's output."""
    slots = {name: number(value) for name, value in zip(instruction.row.constants, instruction.data, strict=True)}
    names = zip(("in1", "in2"), instruction.inputs(), strict=False)
    slots |= {name: address(operand) for name, operand in names}
    slots |= zip(("out",), map(address, instruction.outputs()), strict=False)
    return template(instruction.row).format_map(slots)


def number(value: float) -> str:
    """Return a constant as text that reads back exactly."""
    text = repr(float(value))
    return f'float("{text}")' if "inf" in text else text


def component_functions(source: Source, template: Template, noise: str = "") -> str:
    """Return the source of ``setup``, ``predict`` and ``learn``; ``noise`` is text for a further parameter."""
    functions = (
        _function(source, name, meaning.format_map(_NAMES[source.prediction]), statements, template, noise)
        for name, meaning, statements in zip(COMPONENTS, _MEANINGS, source.components, strict=True)
    )
    return "\n\n\n".join("\n".join(lines) for lines in functions)


def _function(
    source: Source, name: str, meaning: str, statements: tuple[Statement, ...], template: Template, noise: str
) -> Iterator[str]:
    body = [_line(each, template) for each in statements]
    yield f"def {name}(memory: Memory{noise}) -> Memory:"
    yield f'    """{meaning}"""'
    if any(re.search(rf"\b{SIZE}\b", line.partition("#")[0]) for line in body):
        yield f"    {SIZE} = len(memory.v0)"
    yield from _taken([address(each) for each in reads(statements)])
    yield from body
    yield from _kept([address(each) for each in writes(statements) if each in source.memory])


def _line(statement: Statement, template: Template) -> str:
    comment = f"  # {statement.comment}" if statement.comment else ""
    if not statement.instruction.outputs():
        return f"    pass{comment}"
    (output,) = statement.instruction.outputs()
    return f"    {address(output)} = {expression(statement.instruction, template)}{comment}"


def _taken(names: list[str]) -> Iterator[str]:
    """Yield lines that read values from the memory."""
    for some in _in_lines(names):
        yield f"    {', '.join(some)} = {', '.join(f'memory.{name}' for name in some)}"


def _kept(names: list[str]) -> Iterator[str]:
    """Yield lines that return the memory with new values."""
    lines = [", ".join(f"{name}={name}" for name in some) for some in _in_lines(names)]
    if len(lines) < 2:
        yield f"    return memory._replace({lines[0]})" if lines else "    return memory"
        return
    yield "    return memory._replace("
    yield from (f"        {line}," for line in lines)
    yield "    )"


def _in_lines(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _NAMES_IN_A_LINE):
        yield names[start : start + _NAMES_IN_A_LINE]
