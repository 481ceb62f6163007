"""Choices of options that follow from tables."""

from __future__ import annotations

import pytest
from support.runs.invocations import invoke

from automl_zero.cli.support.choices import choice_of
from automl_zero.codegen.languages import LANGUAGES
from automl_zero.codegen.prediction import Prediction
from automl_zero.dtypes import DTYPES
from automl_zero.tasks.datasets.source_choice import SourceChoice
from automl_zero.tasks.splits import Stage


def test_a_choice_has_the_names_of_its_table_in_their_order() -> None:
    names = ("float32", "teacher-net", "b")
    assert [each.value for each in choice_of("Names", names)] == list(names)


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (("export",), LANGUAGES),
        (("export",), Prediction),
        (("evaluate",), DTYPES),
        (("evaluate",), Stage),
        (("warmup",), DTYPES),
        (("data", "get"), SourceChoice),
    ],
    ids=str,
)
def test_the_help_of_a_command_shows_every_name_of_a_table(
    command: tuple[str, ...], names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert "|".join(names) in invoke(*command, "--help").stdout
