"""What pays is told from what does not, on tasks that had no part in the tuning."""

from __future__ import annotations

import numpy as np
import pytest
from support.runs.small_config import small_config

from automl_zero.analysis.studies.additions import ADDITIONS
from automl_zero.analysis.studies.head_to_head import TuningBudget
from automl_zero.analysis.studies.payoff import additions_for, num_tunings, payoff
from automl_zero.config import Config, ConfigError

STAGE = {"num_tasks": 12, "num_train": 200, "num_valid": 100}


def digits(num_classes: int = 2) -> Config:
    tasks = {"kind": "image-groups", "num_features": 16, "num_classes": num_classes, "select": STAGE, "final": STAGE}
    return small_config(tasks=tasks)


@pytest.mark.parametrize("num_classes", [2, 10])
def test_techniques_are_added_to_programs_that_suit_the_tasks(num_classes: int) -> None:
    found = additions_for(digits(num_classes))
    assert found == tuple(each for each in ADDITIONS if (each.base == "multiclass_net") == (num_classes > 2))
    (name,) = {each.technique for each in additions_for(digits(num_classes), ["noisy ReLU"])}
    assert name == "noisy ReLU"


def test_an_unknown_technique_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ConfigError, match=r"no form of the technique 'magic' is known .* small: use noise"):
        additions_for(digits(), ["magic"])
    with pytest.raises(ConfigError, match=r"'bilinear interaction' is known"):
        additions_for(digits(10), ["bilinear interaction"])


def test_products_of_features_pay_on_images_of_digits_and_large_noise_costs() -> None:
    chosen = [each for each in additions_for(digits()) if each.base == "logistic_regression"]
    chosen = [each for each in chosen if each.technique in ("bilinear interaction", "noise injection")]
    budget, counted = TuningBudget(trials=12, seeds=2, workers=2), []
    best, worst = payoff(chosen, digits(), budget, counted.append)
    assert (best.technique, best.verdict, worst.technique) == ("bilinear interaction", "pays", "noise injection")
    assert best.gain.value == pytest.approx(best.fitness - best.fitness_without)
    assert best.gain.low > 0.01 > worst.gain.value
    assert sum(counted) == num_tunings(chosen) * budget.trials * budget.seeds == 3 * 12 * 2
    assert np.sign(worst.gain.low) <= np.sign(worst.gain.high)
