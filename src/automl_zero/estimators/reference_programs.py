"""Known algorithms for tables: the start of evolution, and what it has to beat."""

from __future__ import annotations

from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.program.text import from_text
from automl_zero.tasks.task import TaskSet

LINEAR_FOR_CLASSES = """
def Setup():
  s2 = 0.01
def Predict():
  v2 = dot(m0, v0)
  v2 = v2 + v3
def Learn():
  v4 = v1 - v2
  v4 = s2 * v4
  v3 = v3 + v4
  m1 = outer(v4, v0)
  m0 = m0 + m1
"""


def known_programs(tasks: TaskSet) -> dict[str, Program]:
    """Return the known algorithms for such tasks, by their usual names."""
    if tasks.is_multiclass:
        return {"linear model": from_text(LINEAR_FOR_CLASSES), "two-layer net": library_program("multiclass_net")}
    names = {"linear model": "affine_regression", "two-layer net": "two_layer_net"}
    return {shown: library_program(name) for shown, name in names.items()}
