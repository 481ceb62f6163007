"""Component functions as Python source: each takes the memory, a named tuple, and returns the changed one.

Nothing is changed in place, so that no value ever depends on which address shares it.
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

SIZE = "n_features"  # in templates: F
_MEANINGS = (
    "Setup: what is done once, before the first example.",
    "Predict: from the features in v0 to the prediction in {prediction}.",
    "Learn: what follows from the label in {label}.",
)
_ONE, _MANY = {"prediction": "s1", "label": "s0"}, {"prediction": "v2", "label": "v1"}
_NAMES = {Prediction.REGRESSION: _ONE, Prediction.BINARY: _ONE, Prediction.MULTICLASS: _MANY}
_NAMES_IN_A_LINE = 6

# Ops that set a part of something or draw: calls of what the templates of NumPy and of plain Python both define.
SETTERS: Mapping[str, str] = MappingProxyType(
    {
        "vector_const_set": "replaced({out}, {value}, {index})",
        "matrix_const_set": "replaced({out}, {value}, {row}, {column})",
        "scalar_uniform_set": "noise.uniform({low}, {high}, ())",
        "vector_uniform_set": "noise.uniform({low}, {high}, (n_features,))",
        "matrix_uniform_set": "noise.uniform({low}, {high}, (n_features, n_features))",
        "scalar_gaussian_set": "noise.gaussian({mean}, {std}, ())",
        "vector_gaussian_set": "noise.gaussian({mean}, {std}, (n_features,))",
        "matrix_gaussian_set": "noise.gaussian({mean}, {std}, (n_features, n_features))",
    }
)


def row_of(table: Mapping[str, str], op: Op) -> str:
    """The row of an op in a table by name; ops that differ only in their first operand's kind may share one.

    So ``sum`` stands for ``scalar_sum``, ``vector_sum`` and ``matrix_sum``, where the table has none of these.
    """
    return table[op.name] if op.name in table else table[op.name.partition("_")[2]]


def expression(instruction: Instruction, template: Template) -> str:
    """The value of an instruction's output, from its operands and constants."""
    slots = {name: number(value) for name, value in zip(instruction.row.constants, instruction.data, strict=True)}
    names = zip(("in1", "in2"), instruction.inputs(), strict=False)
    slots |= {name: address(operand) for name, operand in names}
    slots |= zip(("out",), map(address, instruction.outputs()), strict=False)
    return template(instruction.row).format_map(slots)


def number(value: float) -> str:
    """A constant that reads back exactly."""
    text = repr(float(value))
    return f'float("{text}")' if "inf" in text else text


def component_functions(source: Source, template: Template, noise: str = "") -> str:
    """The source of ``setup``, ``predict`` and ``learn``; ``noise`` is the further parameter that they take."""
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
    """Names for what is in the memory."""
    for some in _in_lines(names):
        yield f"    {', '.join(some)} = {', '.join(f'memory.{name}' for name in some)}"


def _kept(names: list[str]) -> Iterator[str]:
    """The memory with what is named put into it."""
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
