"""A technique that is added to a program is in it, and nothing else has changed."""

from __future__ import annotations

import pytest

from automl_zero.analysis.studies.additions import ADDITIONS, MULTICLASS, Addition
from automl_zero.analysis.techniques.detect import detect
from automl_zero.analysis.techniques.registry import TECHNIQUES
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import Program
from automl_zero.tasks.task import Loss

every_addition = pytest.mark.parametrize(
    "addition", ADDITIONS, ids=[f"{each.base}: {each.technique}, {each.form}" for each in ADDITIONS]
)
# The detector knows sums of weights, and no running means of them.
NOT_RECOGNISED = {("two_layer_net", "weight averaging")}


def techniques(program: Program, base: str) -> set[str]:
    return {found.technique for found in detect(program, base == MULTICLASS, loss=Loss.ACCURACY)}


@every_addition
def test_what_was_added_is_recognised_and_was_not_there_before(addition: Addition) -> None:
    assert addition.technique in TECHNIQUES
    assert addition.base in LIBRARY
    is_recognised = (addition.base, addition.technique) not in NOT_RECOGNISED
    assert (addition.technique in techniques(addition.program, addition.base)) == is_recognised
    assert addition.technique not in techniques(library_program(addition.base), addition.base)


@every_addition
def test_lines_are_added_and_none_is_lost(addition: Addition) -> None:
    if isinstance(addition.source, str):
        pytest.skip("the whole program is written out")
    for before, after in zip(library_program(addition.base), addition.program, strict=True):
        rest = iter(after)
        assert all(line in rest for line in before)  # a subsequence
    assert len(addition.program) > len(library_program(addition.base))
