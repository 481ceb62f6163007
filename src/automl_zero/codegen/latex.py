"""Export to LaTeX: the program as a table of numbered steps in mathematical notation; the document needs amsmath.

Scalars are italic, vectors are bold lower case, matrices bold upper case; features, label and prediction have symbols
of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count

from automl_zero.analysis.dataflow.flow import Cell
from automl_zero.codegen.file_template import fill
from automl_zero.codegen.functions import row_of
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import Source, Statement
from automl_zero.program.forms import FUNCTIONS
from automl_zero.program.ops import Kind, Op
from automl_zero.program.program import CLASS_LABEL, CLASS_PREDICTION, FEATURES, LABEL, PREDICTION, Instruction

# By name or by family of the op; see ``row_of``.
SYMBOLS: Mapping[str, str] = {
    "sum": "{in1} + {in2}",
    "diff": "{in1} - {in2}",
    "scalar_product": r"{in1} \, {in2}",
    "product": r"{in1} \odot {in2}",
    "scale": r"{in1} \, {in2}",
    "scalar_division": "{in1} / {in2}",
    "division": r"{in1} \oslash {in2}",
    "abs": r"\lvert {in1} \rvert",
    "scalar_reciprocal": "1 / {in1}",
    "reciprocal": r"\mathbf{{1}} \oslash {in1}",
    "sin": r"\sin({in1})",
    "cos": r"\cos({in1})",
    "tan": r"\tan({in1})",
    "arcsin": r"\arcsin({in1})",
    "arccos": r"\arccos({in1})",
    "arctan": r"\arctan({in1})",
    "exp": r"\exp({in1})",
    "log": r"\ln({in1})",
    "step_at_zero": r"[\, {in1} \ge 0 \,]",
    "step": r"[\, {in1} > 0 \,]",
    "broadcast": r"{in1} \, \mathbf{{1}}",
    "column_broadcast": r"{in1} \, \mathbf{{1}}^\top",
    "row_broadcast": r"\mathbf{{1}} \, {in1}^\top",
    "dot": r"{in1}^\top {in2}",
    "outer": r"{in1} \, {in2}^\top",
    "matrix_vector": r"{in1} \, {in2}",
    "matrix_matrix": r"{in1} \, {in2}",
    "vector_norm": r"\lVert {in1} \rVert_2",
    "matrix_norm": r"\lVert {in1} \rVert_F",
    "column_norm": r"\operatorname{{norm}}_\text{{columns}}({in1})",
    "row_norm": r"\operatorname{{norm}}_\text{{rows}}({in1})",
    "transpose": r"{in1}^\top",
    "min": r"\min({in1}, {in2})",
    "max": r"\max({in1}, {in2})",
    "matrix_min": r"\min({in1}, {in2})",
    "matrix_max": r"\max({in1}, {in2})",
    "mean": r"\operatorname{{mean}}({in1})",
    "row_mean": r"\operatorname{{mean}}_\text{{rows}}({in1})",
    "std": r"\operatorname{{std}}({in1})",
    "row_std": r"\operatorname{{std}}_\text{{rows}}({in1})",
    "set_scalar": "{value}",
    "set_element": "{value}",
    "set_matrix_element": "{value}",
    "scalar_uniform_set": r"\mathcal{{U}}({low}, {high})",
    "vector_uniform_set": r"\mathcal{{U}}({low}, {high})^F",
    "matrix_uniform_set": r"\mathcal{{U}}({low}, {high})^{{F \times F}}",
    "scalar_gaussian_set": r"\mathcal{{N}}({mean}, {std}^2)",
    "vector_gaussian_set": r"\mathcal{{N}}({mean}, {std}^2)^F",
    "matrix_gaussian_set": r"\mathcal{{N}}({mean}, {std}^2)^{{F \times F}}",
}

_ONE: Mapping[Cell, str] = {(Kind.SCALAR, LABEL): "y", (Kind.SCALAR, PREDICTION): r"\hat{y}"}
_MANY: Mapping[Cell, str] = {
    (Kind.VECTOR, CLASS_LABEL): r"\mathbf{y}",
    (Kind.VECTOR, CLASS_PREDICTION): r"\hat{\mathbf{y}}",
}
_ROLES = {Prediction.REGRESSION: _ONE, Prediction.BINARY: _ONE, Prediction.MULTICLASS: _MANY}
_LEGEND = {
    Prediction.REGRESSION: r"features $\mathbf{x}$, label $y$, prediction $\hat{y}$",
    Prediction.BINARY: r"features $\mathbf{x}$, label $y$, and the probability of class 1 is the sigmoid of $\hat{y}$",
    Prediction.MULTICLASS: (
        r"features $\mathbf{x}$, one-hot label $\mathbf{y}$, and the probabilities of the classes are the softmax of "
        r"$\hat{\mathbf{y}}$"
    ),
}
_SPECIAL = {each: f"\\{each}" for each in "&%$#_{}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_FORMATS = {Kind.SCALAR: "s_{{{}}}", Kind.VECTOR: r"\mathbf{{v}}_{{{}}}", Kind.MATRIX: r"\mathbf{{M}}_{{{}}}"}


def template(op: Op) -> str:
    """Return the formula of an op's output."""
    return row_of(SYMBOLS, op)


def latex_source(source: Source) -> str:
    """Return a document with the algorithm as a table."""
    slots = {
        "title": _text(source.name),
        "origin": source.origin,
        "legend": _LEGEND[source.prediction],
        "steps": "\n".join(_steps(source)),
        "functions": "",
    }
    return fill("latex", frozenset(), slots)


def _steps(source: Source) -> Iterator[str]:
    numbers = count(1)
    for function, statements in zip(FUNCTIONS, source.components, strict=True):
        yield rf"    \multicolumn{{3}}{{l}}{{\textbf{{{function}}}}} \\"
        for statement in statements:
            yield rf"    {next(numbers)} & {_step(statement, source.prediction)} & {_comment(statement)} \\"


def _step(statement: Statement, prediction: Prediction) -> str:
    instruction, roles = statement.instruction, _roles(prediction)
    if not instruction.outputs():
        return r"\text{nothing}"
    (output,) = instruction.outputs()
    arrow = r"\sim" if instruction.row.draws else r"\gets"
    return f"${symbol(output, roles)}{_element(instruction)} {arrow} {_value(instruction, roles)}$"


def _value(instruction: Instruction, roles: Mapping[Cell, str]) -> str:
    slots = {name: _number(value) for name, value in zip(instruction.row.constants, instruction.data, strict=True)}
    inputs = zip(("in1", "in2"), instruction.inputs(), strict=False)
    slots |= {name: symbol(operand, roles) for name, operand in inputs}
    slots |= {name: _base(text) for name, text in slots.items() if name == "std"}
    return template(instruction.row).format_map(slots)


def _element(instruction: Instruction) -> str:
    """Return the index of the element that is set, from 0: the floor of a fraction of F."""
    if not instruction.row.partial:
        return ""
    indices = (rf"\lfloor {_number(fraction)} F \rfloor" for fraction in instruction.data[:-1])
    return f"[{', '.join(indices)}]"


def _roles(prediction: Prediction) -> Mapping[Cell, str]:
    return {(Kind.VECTOR, FEATURES): r"\mathbf{x}", **_ROLES[prediction]}


def symbol(operand: Cell, roles: Mapping[Cell, str]) -> str:
    """Return the symbol of an address."""
    kind, number = operand
    return roles.get(operand) or _FORMATS[kind].format(number)


def _number(value: float) -> str:
    r"""Return a constant; one with an exponent becomes a product, such as ``9 \cdot 10^{-9}``."""
    text = repr(float(value)).removesuffix(".0").replace("inf", r"\infty")
    return re.sub(r"^(.+?)(?:\.0)?e\+?(-?)0*(\d+)$", r"\1 \\cdot 10^{\2\3}", text)


def _base(number: str) -> str:
    """Return a number to which an exponent can be appended."""
    return number if re.fullmatch(r"[\d.]+", number) else f"({number})"


def _comment(statement: Statement) -> str:
    return _text(statement.comment)


def _text(text: str) -> str:
    """Return text in which LaTeX's special characters are escaped."""
    return "".join(_SPECIAL.get(each, each) for each in text)
