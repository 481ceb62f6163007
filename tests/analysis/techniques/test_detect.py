from __future__ import annotations

import pytest
from hypothesis import given, settings
from support.programs.programs_with_techniques import FIGURE_6, LIBRARY_TECHNIQUES, LOGISTIC, SQUARED, WRITTEN
from support.programs.strategies import programs

from automl_zero.analysis.techniques.detect import detect, technique_names
from automl_zero.analysis.techniques.registry import TECHNIQUES
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import AddressCounts, Program
from automl_zero.program.program_edit import lines_of
from automl_zero.program.text import from_text
from automl_zero.tasks.task import Loss


def techniques(program: Program, multiclass: bool = False) -> set[str]:
    return {finding.technique for finding in detect(program, multiclass)}


@pytest.mark.parametrize("name", LIBRARY)
def test_of_a_library_program_all_techniques_are_found_and_no_others(name: str) -> None:
    assert techniques(library_program(name), LIBRARY[name].multiclass) == LIBRARY_TECHNIQUES[name]


@pytest.mark.parametrize("name", WRITTEN)
def test_of_a_written_program_all_techniques_are_found_and_no_others(name: str) -> None:
    text, expected = WRITTEN[name]
    assert techniques(from_text(text)) == expected


def test_the_loss_of_the_tasks_decides_which_gradient_it_is() -> None:
    program = library_program("linear_regression")
    assert SQUARED in {finding.technique for finding in detect(program, loss=Loss.RMSE)}
    assert LOGISTIC not in {finding.technique for finding in detect(program, loss=Loss.RMSE)}
    assert LOGISTIC in {finding.technique for finding in detect(program, loss=Loss.ACCURACY)}
    assert SQUARED not in {finding.technique for finding in detect(program, loss=Loss.ACCURACY)}


def test_the_lines_of_figure_6_are_those_of_its_raw_form() -> None:
    lines = {finding.technique: finding.lines for finding in detect(library_program("figure_6_raw"))}
    assert set(lines) == FIGURE_6
    assert lines["bilinear interaction"] == (("predict", 2), ("predict", 4))
    assert lines["gradient normalization"] == (("learn", 4), ("learn", 5))
    assert lines["weight averaging"] == (("predict", 3), ("learn", 14))
    assert lines["noise injection"] == (("predict", 0), ("predict", 1), ("learn", 11))


def test_a_learning_rate_from_weights_is_seen_where_it_is_made_and_used() -> None:
    lines = {each.technique: each.lines for each in detect(library_program("multiclass_mean_learning_rate"), True)}
    made = (("predict", 0), ("predict", 1), ("learn", 1), ("learn", 10))
    assert lines["learning rate from weights"] == made


@given(programs(memory=AddressCounts(4, 4, 2)))
@settings(max_examples=60)
def test_any_program_can_be_looked_at_and_what_is_found_is_in_it(program: Program) -> None:
    lines = {line for line, _ in lines_of(program)}
    for finding in detect(program):
        assert finding.technique in TECHNIQUES
        assert finding.note
        assert finding.lines
        assert set(finding.lines) <= lines


def test_names_are_listed_once_in_the_order_of_the_registry() -> None:
    names = technique_names(library_program("two_layer_net"))
    assert set(names) == LIBRARY_TECHNIQUES["two_layer_net"]
    assert list(names) == [name for name in TECHNIQUES if name in names]
