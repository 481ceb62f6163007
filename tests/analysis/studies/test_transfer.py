from __future__ import annotations

from pathlib import Path

import pytest
from support.runs.small_config import STAGE, small_config, small_file

from automl_zero.analysis.studies.transfer import TransferResult, transfer, transfer_targets
from automl_zero.config import ConfigError
from automl_zero.program.library import library_program, linear
from automl_zero.run.record.events import Score
from automl_zero.run.scoring import score_cache
from automl_zero.run.scoring.task_score import score_program
from automl_zero.tasks.task_kinds import Stage, build_tasks


@pytest.fixture(autouse=True)
def _no_scores_of_other_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_cache, "cache_root", lambda: tmp_path)


def test_places_are_all_combinations(tmp_path: Path) -> None:
    suite = str(small_file(tmp_path))
    found = transfer_targets([suite, "affine"], [3, 5], [30], ["seed=4"])
    assert [(each.name, each.tasks.num_features) for each in found] == [
        ("small", 3),
        ("small", 5),
        ("affine", 3),
        ("affine", 5),
    ]
    assert {(stage.size(each.tasks).num_train, each.seed) for each in found for stage in Stage} == {(30, 4)}


def test_without_numbers_a_suite_is_as_it_is(tmp_path: Path) -> None:
    (found,) = transfer_targets([str(small_file(tmp_path))], [], [], [])
    assert found.tasks == small_config().tasks


def test_a_suite_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="no suite 'nonsense'"):
        transfer_targets(["nonsense"], [8], [], [])


def test_a_program_is_tuned_there_and_compared_with_known_algorithms() -> None:
    config = small_config(tasks={"final": STAGE | {"num_train": 40}})
    found = transfer(linear(0.001), config, 10)
    final = build_tasks(config.tasks, Stage.FINAL, 0)
    assert (found.suite, found.features, found.examples) == ("small", 4, 40)
    assert found.untuned == score_program(linear(0.001), final, config)
    assert dict(found.scores)["program"] == score_program(found.tuned, final, config)
    assert dict(found.scores)["program"].fitness > found.untuned.fitness
    assert found.order.startswith("ridge regression > ")
    assert sorted(name for name, _ in found.scores) == ["program", "ridge regression", "two-layer net"]
    assert [score.fitness for _, score in found.scores] == sorted(
        (score.fitness for _, score in found.scores), reverse=True
    )
    assert not found.is_best


def test_the_program_is_best_if_it_comes_first() -> None:
    score = Score(0.5, None)
    place = TransferResult("", 1, 1, score, (("program", score), ("net", score)), library_program("figure_6"))
    assert place.is_best
    assert place.order == "program > net"
