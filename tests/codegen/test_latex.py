"""The typeset form: a well-formed document, and every op in the notation of mathematics."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from support.programs.reference_cases import SOME_PROGRAMS, program

from automl_zero.codegen.latex import latex_source
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import source_of
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import Program


def steps(text: str) -> list[str]:
    """The table's numbered lines without their numbers."""
    return re.findall(r"^    \d+ & (.*) & .*? \\\\$", text, re.MULTILINE)


def check(text: str) -> None:
    """Groups and environments are closed, and dollars come in pairs on every line."""
    bare = re.sub(r"%.*", "", text.replace(r"\%", ""))
    bare = bare.replace(r"\{", "").replace(r"\}", "").replace(r"\$", "")
    depth = 0
    for each in re.findall(r"[{}]", bare):
        depth += 1 if each == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert all(line.count("$") % 2 == 0 for line in bare.splitlines())
    begun, ended = (re.findall(rf"\\{word}\{{(\w+)\}}", text) for word in ("begin", "end"))
    assert begun == ended[::-1]


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("prediction", Prediction)
def test_library_programs_are_well_formed(name: str, prediction: Prediction) -> None:
    source = source_of(library_program(name), prediction, name)
    text = latex_source(source)
    check(text)
    assert len(steps(text)) == len(source.program)


@settings(deadline=None)
@given(SOME_PROGRAMS)
def test_all_programs_are_well_formed(some: Program) -> None:
    text = latex_source(source_of(some, Prediction.REGRESSION, "x", raw=True))
    check(text)
    assert len(steps(text)) == len(some)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("s1 = dot(v1, v0)", r"$\hat{y} \gets \mathbf{v}_{1}^\top \mathbf{x}$"),
        ("m1 = outer(v1, v2)", r"$\mathbf{M}_{1} \gets \mathbf{v}_{1} \, \mathbf{v}_{2}^\top$"),
        ("v2 = 1 / v3", r"$\mathbf{v}_{2} \gets \mathbf{1} \oslash \mathbf{v}_{3}$"),
        ("s2 = 9e-09", r"$s_{2} \gets 9 \cdot 10^{-9}$"),
        ("s2 = -inf", r"$s_{2} \gets -\infty$"),
        ("v2[0.5] = 1.5", r"$\mathbf{v}_{2}[\lfloor 0.5 F \rfloor] \gets 1.5$"),
        ("v2 = gaussian(0.0, 0.1, n_features)", r"$\mathbf{v}_{2} \sim \mathcal{N}(0, 0.1^2)^F$"),
        ("s2 = gaussian(-0.5, 9e-09)", r"$s_{2} \sim \mathcal{N}(-0.5, (9 \cdot 10^{-9})^2)$"),
        ("v2 = heaviside(v3, 1.0)", r"$\mathbf{v}_{2} \gets [\, \mathbf{v}_{3} > 0 \,]$"),
    ],
)
def test_lines_are_in_the_notation_of_mathematics(line: str, step: str) -> None:
    assert steps(latex_source(source_of(program(predict=line), Prediction.REGRESSION, "x", raw=True))) == [step]


def test_text_is_not_read_as_commands() -> None:
    comments = {("predict", 0): r"100 % of \input{x} & $y_1$ #^~"}
    text = latex_source(source_of(program(predict="s1 = norm(v0)"), Prediction.REGRESSION, "a_b", comments))
    assert r"100 \% of /input\{x\} \& \$y\_1\$ \#\textasciicircum{}\textasciitilde{} \\" in text
    assert r"\caption{a\_b: " in text
    check(text)
