"""Follow a new op, ``scalar_square``, through all that works with programs; run as a process of its own.

``tests/program/test_new_op.py`` adds the op to a copy of the sources, and runs this module with the copy.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import chain

import numpy as np

from automl_zero.analysis.dataflow.flow import flow_of
from automl_zero.analysis.readable.pretty_print import readable
from automl_zero.analysis.simplify.simplify import simplify
from automl_zero.analysis.techniques.detect import detect
from automl_zero.codegen.languages import LANGUAGES
from automl_zero.codegen.source import Prediction, Source, source_of
from automl_zero.config import Config, load_config
from automl_zero.program.ops import BY_NAME, OPS, op_number
from automl_zero.program.program import Program
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text, to_text
from automl_zero.search.mutate import randomize_program
from automl_zero.search.population import decode
from automl_zero.search.random_stream import new_state
from automl_zero.search.space import build_space
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm import execute, reference
from automl_zero.vm.lower import encode

NAME = "scalar_square"
TEXT = """def Setup():
def Predict():
  s2 = dot(v0, v0)
  s1 = square(s2)
def Learn():
"""
X = np.array([[[0.5, -1.0], [2.0, 0.25], [1.5, 1.0]]])
EXPECTED = np.sum(X[0] ** 2, axis=1) ** 2
TASKS = TaskSet("squares", X, X[..., 0], X, X[..., 0], Loss.RMSE)


def parse_and_print() -> None:
    program = from_text(TEXT)
    assert program.predict[1].op == op_number(NAME) == len(OPS) - 1
    assert to_text(program) == TEXT


def default_op_lists() -> None:
    config = Config()
    assert op_number(NAME) in config.program.predict_ops
    assert op_number(NAME) in config.program.learn_ops
    assert op_number(NAME) not in config.program.setup_ops


def compute_in_the_reference() -> None:
    result = reference.evaluate(from_text(TEXT), TASKS, 0)
    np.testing.assert_allclose(result.first_predictions, EXPECTED)


def compute_in_the_kernel() -> None:
    (result,) = execute.evaluate(from_text(TEXT), TASKS, dtype="float64", lanes=4)
    np.testing.assert_allclose(result.first_predictions, EXPECTED)


def mutate() -> None:
    names = ["scalar_const_set"], [NAME, "scalar_sum"], [NAME]
    keys = ("setup_ops", "predict_ops", "learn_ops")
    overrides = [f"program.{key}={json.dumps(ops)}" for key, ops in zip(keys, names, strict=True)]
    config = load_config("linear", overrides)
    code = encode(Program(), config.program.max_sizes)
    randomize_program(new_state(0), build_space(config), code)
    program = decode(code.code, code.data, code.size, code.start)
    drawn = {instruction.row.name for instruction in chain(program.predict, program.learn)}
    assert drawn == {NAME, "scalar_sum"}


def prune_what_is_dead() -> None:
    program = from_text(TEXT.replace("def Learn():\n", "def Learn():\n  s5 = square(s4)\n"))
    assert prune(program) == from_text(TEXT)


def _source() -> Source:
    return source_of(from_text(TEXT), Prediction.REGRESSION, "squares")


def export_to_every_language() -> None:
    texts = {name: language.write(_source()) for name, language in LANGUAGES.items()}
    assert "s_{2}^2" in texts["latex"]
    for name in ("numpy", "python"):
        module: dict[str, object] = {"__name__": name}
        exec(compile(texts[name], name, "exec"), module)  # noqa: S102
        model = module["Algorithm"]().fit(X[0].tolist(), [0.0] * 3, max_abs_error=1e9)  # type: ignore[operator]
        np.testing.assert_allclose(np.asarray(model.predict(X[0].tolist())), EXPECTED)


def analyze() -> None:
    program = from_text(TEXT)
    assert [each.row.name for each in simplify(program).program.predict] == ["vector_inner_product", NAME]
    assert NAME in {flow_of(program).op(line) for line in flow_of(program).instructions}
    assert "square" in readable(program)
    detect(program)


def screen_unlearnable_programs() -> None:
    from automl_zero.search.learnability import GIVES_ZERO

    assert GIVES_ZERO[op_number(NAME)].tolist() == [False, True, False, True]


def list_ops() -> None:
    assert BY_NAME[NAME].family == "square"
    assert OPS[-1].name == NAME


STEPS: tuple[Callable[[], None], ...] = (
    list_ops,
    default_op_lists,
    parse_and_print,
    prune_what_is_dead,
    mutate,
    compute_in_the_reference,
    compute_in_the_kernel,
    export_to_every_language,
    analyze,
    screen_unlearnable_programs,
)

if __name__ == "__main__":
    for step in STEPS:
        step()
        print(step.__name__)
