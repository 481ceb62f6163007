"""The ancestry of a program does not depend on pruning, on the islands of its ancestors, or on a restart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.runs.small_config import small_config

from automl_zero.program.program import Program
from automl_zero.program.text import from_text
from automl_zero.run import lineage_tracker
from automl_zero.run.experiment import Experiment
from automl_zero.run.islands.engine import EpochResult
from automl_zero.run.islands.migration import MigrationPlan
from automl_zero.run.record.events import Ancestor, Lineage
from automl_zero.run.record.run_folder import StoreError
from automl_zero.run.run import Run
from automl_zero.run.scoring.task_score import score_program
from automl_zero.search.lineage_log import EpochStats, no_ancestors

EPOCHS = 25
CHANGES: dict[str, Any] = {
    "mutation": {"graph_share": 1, "max_attempts": 100},
    "search": {"method": "minimal-generation-gap", "children": 10, "population_size": 20},
}
CONFIG = small_config(**CHANGES)
Arrays = dict[str, NDArray[Any]]


def evolved(epochs: int = EPOCHS) -> Experiment:
    experiment = Experiment(CONFIG, 0, [Program()])
    for _ in range(epochs):
        experiment.archipelago.run_epoch()
    return experiment


def ancestries(experiment: Experiment) -> list[tuple[Ancestor, ...]]:
    """The ancestries of the fittest members of all islands."""
    islands = range(len(experiment.archipelago.tasks))
    found = experiment.archipelago.islands.fittest(5, islands)
    return [experiment.archipelago.lineage.ancestry(member.ancestor) for members in found for member in members]


def test_the_ancestry_to_the_best_program_ends_with_one_as_fit() -> None:
    archipelago = evolved().archipelago
    (best,) = archipelago.islands.fittest(1, [archipelago.leader])[0]
    line = archipelago.lineage.ancestry(best.ancestor)
    assert line[-1].fitness == best.fitness
    assert score_program(from_text(line[-1].program), archipelago.tasks[0], CONFIG).fitness == best.fitness
    assert all(each.fitness > each.parent_fitness for each in line)


def test_ancestries_lead_across_islands() -> None:
    """Births of one island follow each other; a line changes to another island where programs have migrated."""
    found = ancestries(evolved())
    islands = {(one.island, other.island) for line in found for one, other in pairwise(line)}
    assert any(one != other for one, other in islands)
    for line in found:
        for one, other in pairwise(line):
            assert one.island != other.island or one.island_programs < other.island_programs


def last_foreign(line: tuple[Ancestor, ...], island: int) -> tuple[int, int] | None:
    foreign = [(each.island, each.island_programs) for each in line if each.island != island]
    return foreign[-1] if foreign else None


def test_without_migration_all_ancestors_are_an_islands_own() -> None:
    archipelago = Experiment(small_config(**CHANGES, islands={"migrants": 0}), 0, [Program()]).archipelago
    for _ in range(5):
        archipelago.run_epoch()
        assert set(archipelago.immigrants) == {None}


def test_immigrants_after_every_epoch_are_those_in_the_ancestries() -> None:
    archipelago, seen = Experiment(CONFIG, 0, [Program()]).archipelago, set[object]()
    islands = range(len(archipelago.tasks))
    for _ in range(EPOCHS):
        archipelago.run_epoch()
        bests = [found[0].ancestor for found in archipelago.islands.fittest(1, islands)]
        ancestries = map(archipelago.lineage.ancestry, bests)
        assert archipelago.immigrants == tuple(map(last_foreign, ancestries, islands))
        seen |= set(archipelago.immigrants)
    assert len(seen - {None}) > 1


def test_ancestries_do_not_depend_on_when_births_are_pruned(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = evolved()
    monkeypatch.setattr(lineage_tracker, "MIN_BIRTHS", 0)
    eager = evolved()
    assert ancestries(eager) == ancestries(expected)
    assert {name: array.tobytes() for name, array in eager.archipelago.lineage.arrays.items()} == {
        name: array.tobytes() for name, array in expected.archipelago.lineage.arrays.items()
    }


def test_an_ancestry_has_those_that_were_fitter_than_all_before_them_on_their_island() -> None:
    """It has the last ancestor and the last one from another island, too."""
    lengths = set()
    for line in ancestries(evolved(40)):
        elsewhere = [place for place, each in enumerate(line) if each.island != line[-1].island][-1:]
        records = [each for place, each in enumerate(line[:-1]) if place not in elsewhere]
        for one, other in combinations(records, 2):
            assert one.island != other.island or one.fitness < other.fitness
        lengths.add(len(records))
    assert max(lengths) > 3


def chain(fitness: Sequence[float], islands: Sequence[int]) -> EpochResult:
    """Births of empty programs, each the parent of the next, of which the last one lives."""
    count = len(fitness)
    identity = np.arange(1, count + 1, dtype=np.uint64)
    scores, numbers = np.array(fitness), np.arange(count)
    ancestors = no_ancestors()._replace(
        identity=identity,
        before=identity - np.uint64(1),
        island=np.array(islands),
        born=numbers + 1,
        mutation=np.zeros(count, np.int64),
        parent_fitness=scores - 0.1,
        fitness=scores,
        size=np.zeros((count, 3), np.int64),
    )
    epoch_stats = EpochStats(ancestors, identity[-1:], behaviours=1, most_common_count=1, best=count)
    return EpochResult([epoch_stats], [epoch_stats])


@pytest.mark.parametrize(
    ("fitness", "islands", "kept"),
    [
        ([0.1, 0.3, 0.2, 0.25, 0.4, 0.35], [0] * 6, [1, 2, 5, 6]),  # records, and the end
        ([0.1, 0.3, 0.2, 0.25, 0.4, 0.35], [0, 1, 0, 0, 1, 1], [1, 2, 3, 4, 5, 6]),  # on each island by itself
        ([0.9, 0.3, 0.2, 0.25, 0.95, 0.35], [0, 1, 0, 0, 1, 1], [1, 2, 4, 5, 6]),  # and the last from elsewhere
    ],
)
def test_only_reported_births_are_stored(fitness: list[float], islands: list[int], kept: list[int]) -> None:
    made = lineage_tracker.LineageTracker()
    made.add(chain(fitness, islands))
    reported = made.ancestry(6)
    assert made.arrays["lineage.identity"].tolist() == kept
    assert made.arrays["lineage.before"].tolist() == [0, *kept[:-1]]
    assert [each.island_programs for each in reported] == kept
    assert made.ancestry(6) == reported


def test_births_without_living_descendants_are_pruned(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment, taken = Experiment(CONFIG, 0, [Program()]), 0
    run_epoch = experiment.archipelago.islands.run_epoch

    def counted(count: int, plan: MigrationPlan | None) -> EpochResult:
        nonlocal taken
        result = run_epoch(count, plan)
        taken += sum(len(each.ancestors.identity) for each in result.epoch_stats)
        return result

    monkeypatch.setattr(experiment.archipelago.islands, "run_epoch", counted)
    for _ in range(EPOCHS):
        experiment.archipelago.run_epoch()
    assert 0 < len(experiment.archipelago.lineage.arrays["lineage.identity"]) < taken


def test_a_restored_lineage_continues_as_before() -> None:
    experiment, other = evolved(), Experiment(CONFIG, 0, [Program()])
    kept = {name: array.copy() for name, array in experiment.archipelago.arrays.items()}
    other.archipelago.restore(kept)
    other.archipelago.epoch = experiment.archipelago.epoch
    for each in (experiment, other):
        for _ in range(5):
            each.archipelago.run_epoch()
    assert ancestries(other) == ancestries(experiment)
    names = {name: array.tobytes() for name, array in other.archipelago.arrays.items()}
    assert names == {name: array.tobytes() for name, array in experiment.archipelago.arrays.items()}


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays: arrays.pop("lineage.before"),
        lambda arrays: arrays.update({"lineage.more": np.zeros(3)}),
        lambda arrays: arrays.update({"lineage.code": arrays["lineage.code"][1:]}),
        lambda arrays: arrays.update({"lineage.fitness": arrays["lineage.fitness"].astype(np.float32)}),
        lambda arrays: arrays.update({"lineage.mutation": arrays["lineage.mutation"] + 1000}),
        lambda arrays: arrays.update({"lineage.before": arrays["lineage.identity"]}),
        lambda arrays: arrays.update({"lineage.size": -arrays["lineage.size"]}),
        lambda arrays: arrays.update({"lineage.code": arrays["lineage.code"] + 100}),
    ],
    ids=["lacks one", "has another", "code", "type", "mutation", "endless line", "negative size", "no programs"],
)
def test_a_lineage_that_no_search_could_have_is_refused(damage: Callable[[Arrays], object]) -> None:
    experiment = evolved(5)
    arrays = dict(experiment.archipelago.arrays)
    damage(arrays)
    with pytest.raises(StoreError, match="lineage is none that a search could have: remove it"):
        Experiment(CONFIG, 0, [Program()]).archipelago.restore(arrays)


def test_a_run_reports_the_lineage_of_what_it_selects() -> None:
    limits: dict[str, Any] = {"stop": {"max_experiments": 3}, "experiment": {"max_programs": 1000}}
    config = small_config(**CHANGES, **limits)
    events = list(Run(config).iter_events())
    selections = {each.experiment: each for each in events if each.event == "select" and each.is_best}
    reported = {each.experiment: each for each in events if isinstance(each, Lineage)}
    assert reported.keys() == selections.keys()
    for each in reported.values():
        assert sum(sum(counts) for counts in each.effects.values()) > 0
    assert any(each.ancestors for each in reported.values())
