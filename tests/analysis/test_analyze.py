"""An analysis is plain data, with scores where tasks are given."""

from __future__ import annotations

import json

from support.programs.small_programs import TASKS

from automl_zero.analysis.analyze import analyze, to_plain
from automl_zero.analysis.techniques.registry import TECHNIQUES
from automl_zero.program.library import library_program
from automl_zero.program.text import from_text


def test_without_tasks_there_is_no_score_and_all_steps_are_exact() -> None:
    analysis = analyze("net", library_program("two_layer_net"))
    assert (analysis.fitness, analysis.tasks, analysis.lineage) == (None, "", None)
    assert all(step.loss is None for step in analysis.simplified.steps)


def test_tasks_decide_on_the_number_of_classes_and_score_both_programs() -> None:
    analysis = analyze("net", library_program("multiclass_net"), tasks=TASKS["multiclass"])
    assert analysis.multiclass
    assert analysis.fitness is not None
    assert analysis.tasks == "small, 2 tasks"


def test_plain_values_hold_the_program_its_steps_and_its_techniques() -> None:
    plain = json.loads(json.dumps(to_plain(analyze("figure 6", library_program("figure_6_raw")))))
    assert from_text(plain["program"]) == analyze("", library_program("figure_6_raw")).simplified.program
    assert {each["technique"] for each in plain["techniques"]} <= set(TECHNIQUES)
    assert {each["sentence"] for each in plain["techniques"]} <= {row.description for row in TECHNIQUES.values()}
    assert plain["lineage"] is None
