"""Component functions as source: lines as an instruction is read, and memory taken and given back."""

from __future__ import annotations

from math import inf

import pytest
from support.programs.reference_cases import program

from automl_zero.codegen import numpy
from automl_zero.codegen.functions import component_functions, number, row_of
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import source_of
from automl_zero.program.ops import BY_NAME


def functions(setup: str = "", predict: str = "", learn: str = "") -> list[str]:
    source = source_of(program(setup, predict, learn), Prediction.REGRESSION, "x", {("predict", 0): "why"}, raw=True)
    return component_functions(source, numpy.template).split("\n\n\n")


def test_a_function_takes_what_it_reads_and_gives_back_what_is_remembered() -> None:
    _, predict, learn = functions(predict="s2 = norm(v1); s1 = s2 + s3", learn="s3 = s0 - s1")
    assert predict == (
        "def predict(memory: Memory) -> Memory:\n"
        '    """Predict: from the features in v0 to the prediction in s1."""\n'
        "    s3, v1 = memory.s3, memory.v1\n"
        "    s2 = np.linalg.norm(v1)  # why\n"
        "    s1 = s2 + s3\n"
        "    return memory._replace(s1=s1)"
    )
    assert learn.endswith("    return memory._replace(s3=s3)")


def test_an_empty_function_gives_the_memory_back() -> None:
    assert functions()[0].endswith('"""\n    return memory')


def test_an_instruction_that_does_nothing_is_told_as_such() -> None:
    assert "    pass  # why\n    return memory" in functions(predict="NoOp()")[1]


def test_many_names_take_several_lines() -> None:
    learn = functions(learn=";".join(f"s{2 + index} = abs(s{2 + index})" for index in range(8)))[2]
    assert "    s8, s9 = memory.s8, memory.s9\n" in learn
    assert learn.endswith("        s8=s8, s9=s9,\n    )")


@pytest.mark.parametrize(("value", "text"), [(0.1, "0.1"), (-inf, 'float("-inf")'), (1e-10, "1e-10"), (3, "3.0")])
def test_constants_read_back_exactly(value: float, text: str) -> None:
    assert number(value) == text
    assert eval(text) == value  # noqa: S307


def test_an_entry_for_an_op_goes_before_that_for_its_family() -> None:
    table = {"reciprocal": "shared", "scalar_reciprocal": "own"}
    names = ("vector_reciprocal", "scalar_reciprocal")
    assert [row_of(table, BY_NAME[name]) for name in names] == ["shared", "own"]
