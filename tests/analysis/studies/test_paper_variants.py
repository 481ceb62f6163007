from __future__ import annotations

import pytest
from support.runs.small_config import small_config

from automl_zero.analysis.studies.paper_variants import AVERAGED, BILINEAR, NOISE, NORMALIZED, OFFSET, known_variants
from automl_zero.program.learned_state import learned_addresses
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.prune import prune
from automl_zero.program.text import to_text
from automl_zero.run.scoring.task_score import score_program
from automl_zero.tasks.task_kinds import Stage, build_tasks

FOUR = {NOISE, BILINEAR, NORMALIZED, AVERAGED}
CASES = [(name, variant) for name in LIBRARY for variant in known_variants(name)]


@pytest.mark.parametrize(("name", "expected"), [("figure_6", FOUR | {OFFSET}), ("figure_6_pruned", FOUR | {OFFSET})])
def test_all_techniques_are_knocked_out_of_the_paper_s_program(name: str, expected: set[str]) -> None:
    assert {each.name for each in known_variants(name)} == expected


def test_techniques_are_put_into_simpler_programs() -> None:
    assert {each.name for each in known_variants("logistic_regression")} == {f"with {name}" for name in FOUR}
    assert {each.name for each in known_variants("two_layer_net")} == {f"with {name}" for name in FOUR - {BILINEAR}}


@pytest.mark.parametrize("name", ["linear_regression", "no such program", "figure_6.txt"])
def test_other_programs_have_no_variants_by_hand(name: str) -> None:
    assert known_variants(name) == ()


@pytest.mark.parametrize(("name", "variant"), CASES, ids=[f"{name} {variant.name}" for name, variant in CASES])
def test_a_variant_is_another_program_that_learns_and_beats_chance(name: str, variant: object) -> None:
    (found,) = [each for each in known_variants(name) if each == variant]
    assert prune(found.program) != prune(library_program(name))
    assert learned_addresses(found.program)
    assert found.note
    stage = {"num_tasks": 8, "num_train": 300, "num_valid": 100}
    config = small_config(tasks={"kind": "image-groups", "num_features": 16, "select": stage})
    assert score_program(found.program, build_tasks(config.tasks, Stage.SELECT, 0), config).fitness > 0.55


@pytest.mark.parametrize("name", ["figure_6", "figure_6_pruned"])
def test_an_ablation_removes_its_own_technique_and_no_other(name: str) -> None:
    texts = {each.name: to_text(prune(each.program)) for each in known_variants(name)}
    for technique, sign in {OFFSET: "uniform", NOISE: "uniform", NORMALIZED: "norm(", BILINEAR: "outer"}.items():
        assert {each for each, text in texts.items() if sign not in text} >= {technique}
        assert sign in texts[AVERAGED]
    matrices = {each: {word for word in text.split() if word in ("m0", "m1", "m2")} for each, text in texts.items()}
    assert matrices[AVERAGED] < matrices[NOISE]
