from __future__ import annotations

import pytest
from support.runs.small_config import small_config

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.ablate import Effect, ablate
from automl_zero.analysis.studies.ablation_variants import Variant, line_variants
from automl_zero.analysis.studies.head_to_head import TuningBudget
from automl_zero.config import ConfigError
from automl_zero.program.library import library_program

LINEAR = library_program("linear_regression")
CONFIG = small_config()


def test_the_program_is_judged_against_its_parts_and_the_greatest_loss_comes_first() -> None:
    found = ablate(
        LINEAR, [Variant("the same", LINEAR, "unchanged"), *line_variants(LINEAR)], CONFIG, TuningBudget(25, 2)
    )
    assert [each.difference.value for each in found.effects] == sorted(each.difference.value for each in found.effects)
    (same,) = [each for each in found.effects if each.name == "the same"]
    assert (same.note, same.fitness, same.difference) == ("unchanged", found.fitness, IntervalEstimate(0.0, 0.0, 0.0))
    assert not same.is_certain
    (prediction,) = [each for each in found.effects if each.name.startswith("predict 1:")]
    assert prediction.is_certain
    assert prediction.difference.value == pytest.approx(prediction.fitness - found.fitness)
    assert prediction.difference.value < -0.1
    assert found.program != LINEAR


@pytest.mark.parametrize("name", ["twice", "the whole program"])
def test_names_must_differ(name: str) -> None:
    with pytest.raises(ConfigError, match=f"two variants are called '{name}'"):
        ablate(LINEAR, [Variant(name, LINEAR), Variant("twice", LINEAR)], CONFIG, TuningBudget(2))


@pytest.mark.parametrize(("low", "high", "certain"), [(-2, -1, True), (-1, 1, False), (1, 2, True), (0, 1, False)])
def test_an_effect_is_certain_if_its_interval_leaves_out_0(low: float, high: float, certain: bool) -> None:
    assert Effect("", "", 0.5, IntervalEstimate((low + high) / 2, low, high)).is_certain is certain
