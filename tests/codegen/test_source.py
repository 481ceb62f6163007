"""What is exported: which statements, which memory, and that no text of people's breaks out of its place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from support.programs.reference_cases import SOME_PROGRAMS, program

from automl_zero.codegen.languages import LANGUAGES
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import Source, address, comments_in, plain, reads, source_of
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import COMPONENTS, Program
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text

EVIL = 'a """ b \' c \\ d \r import os \n $x {y} #end \x00'


def names(source: Source) -> list[str]:
    return [address(operand) for operand in source.memory]


@settings(deadline=None)
@given(SOME_PROGRAMS)
def test_what_is_exported_is_the_pruned_program_or_all_of_it(some: Program) -> None:
    for prediction in Prediction:
        assert source_of(some, prediction, "x").program == prune(some, prediction is Prediction.MULTICLASS)
        assert source_of(some, prediction, "x", raw=True).program == some


@settings(deadline=None)
@given(SOME_PROGRAMS)
def test_the_text_reads_back_as_the_program(some: Program) -> None:
    assert from_text(source_of(some, Prediction.REGRESSION, "x", raw=True).text) == some


def test_only_what_one_function_leaves_for_another_is_remembered() -> None:
    some = program("s2 = 1", "s3 = s2 + s2; s1 = s3 * s3", "s4 = s0 - s1; s2 = s2 + s4")
    assert names(source_of(some, Prediction.REGRESSION, "x")) == ["s0", "s1", "s2", "v0"]
    assert names(source_of(some, Prediction.MULTICLASS, "x")) == ["s0", "v0", "v1", "v2"]


def test_a_value_of_which_one_element_is_set_is_read() -> None:
    source = source_of(program(predict="v2[0.5] = 1; s1 = norm(v2)"), Prediction.REGRESSION, "x")
    assert [address(each) for each in reads(source.components[1])] == ["v2"]


def test_comments_stay_with_their_lines_when_others_are_left_out() -> None:
    comments = {("predict", 0): "nothing", ("predict", 2): "the prediction"}
    source = source_of(program(predict="s5 = norm(v0); s2 = 1; s1 = s2 + s2"), Prediction.REGRESSION, "x", comments)
    assert [each.comment for each in source.components[1]] == ["", "the prediction"]


@pytest.mark.parametrize("name", LIBRARY)
def test_comments_are_found_behind_their_instructions(name: str) -> None:
    text = LIBRARY[name].text
    comments, lines = comments_in(text), [line for line in text.splitlines() if not line.startswith("#")]
    for (component, index), comment in comments.items():
        header = lines.index(f"def {component.capitalize()}():")
        assert lines[header + 1 + index].endswith(f"# {comment}")
    assert len(comments) == sum("#" in line for line in lines)


def test_lines_without_instructions_do_not_count() -> None:
    text = (
        "# title\ndef Setup(): # empty\n  pass\n\ndef Predict():\n\n  # alone\n  s1 = s1 + s1 # twice\ndef Learn():\n"
    )
    assert comments_in(text) == {("predict", 0): "twice"}


@pytest.mark.parametrize("language", [name for name, row in LANGUAGES.items() if row.runs])
def test_names_and_comments_cannot_become_code(language: str) -> None:
    comments = {(component, index): EVIL for component in COMPONENTS for index in range(20)}
    source = source_of(library_program("noisy_relu"), Prediction.REGRESSION, EVIL, comments)
    text = LANGUAGES[language].write(source)
    compile(text, "exported", "exec")
    assert not [line for line in text.splitlines() if line.strip().startswith("import os")]
    assert text.count("a ''' b") >= 1 + len(source.program)


def test_plain_text_is_one_line_without_quotes() -> None:
    assert plain(EVIL) == "a ''' b ' c / d   import os   $x {y} #end"
