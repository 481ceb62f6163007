"""The table of task kinds: its flags decide what a config may say."""

from __future__ import annotations

from typing import Any

import pytest

from automl_zero.config import ConfigError, parse_config
from automl_zero.config.task_kind_facts import KINDS

every_kind = pytest.mark.parametrize("name", KINDS)


def is_accepted(**tasks: Any) -> bool:
    try:
        parse_config({"tasks": tasks})
    except ConfigError:
        return False
    return True


@every_kind
def test_scales_are_for_kinds_with_a_teacher(name: str) -> None:
    assert is_accepted(kind=name, scale_spread=0.5) == KINDS[name].has_teacher


@every_kind
def test_many_classes_are_for_kinds_that_allow_them(name: str) -> None:
    assert is_accepted(kind=name, num_classes=3) == KINDS[name].allows_many_classes


@every_kind
def test_a_kind_has_one_source_of_examples(name: str) -> None:
    kind = KINDS[name]
    assert [kind.has_teacher, kind.uses_images, kind.uses_table].count(True) == 1


@every_kind
def test_the_sizes_of_a_kind_are_keys_of_a_stage(name: str) -> None:
    assert is_accepted(kind=name, search=dict(KINDS[name].suite_sizes))
