"""Islands are spread evenly over the workers of all experiments, and move only where that evens loads out."""

from __future__ import annotations

from collections import Counter

import pytest

from automl_zero.run.distributed.command_log import IslandReplica
from automl_zero.run.distributed.placement import Placement


def placed(placement: Placement, seed: int, count: int, workers: list[int]) -> list[IslandReplica]:
    """Islands of an experiment, which are assigned to workers and created on them."""
    replicas = [IslandReplica() for _ in range(count)]
    placement.add(seed, replicas)
    placement.assign(workers, replicas)
    return replicas


def test_neighbours_go_to_the_same_worker() -> None:
    replicas = placed(Placement(), 1, 5, [7, 3])
    assert [each.worker for each in replicas] == [3, 3, 3, 7, 7]


@pytest.mark.parametrize("counts", [(3, 5), (1, 1, 1), (8, 2, 4)], ids=str)
def test_loads_are_even_over_all_experiments(counts: tuple[int, ...]) -> None:
    placement, workers = Placement(), [0, 1, 2]
    for seed, count in enumerate(counts):
        placed(placement, seed, count, workers)
    loads = placement.loads(workers)
    assert loads.total() == sum(counts)
    assert max(loads.values()) - min(loads.values()) <= 1


def test_an_experiment_that_has_ended_is_no_load() -> None:
    placement = Placement()
    placed(placement, 1, 4, [0])
    placement.remove(1)
    assert placement.loads([0]) == Counter({0: 0})


def test_two_experiments_of_one_seed_are_refused() -> None:
    placement = Placement()
    placement.add(1, [])
    with pytest.raises(ValueError, match="an experiment of seed 1 is running: end its islands before another one"):
        placement.add(1, [])


def test_islands_move_to_a_worker_that_has_joined() -> None:
    placement = Placement()
    replicas = placed(placement, 1, 6, [0])
    moved = placement.rebalance([0, 1], replicas)
    assert len(moved) == 3
    assert {replicas[number].target_worker for number in moved} == {1}
    assert {each.worker for each in replicas} == {0}  # until their last requests
    assert placement.rebalance([0, 1], replicas) == []


def test_islands_stay_where_loads_differ_by_one_and_without_workers() -> None:
    placement = Placement()
    replicas = placed(placement, 1, 5, [0, 1])
    assert placement.rebalance([0, 1], replicas) == placement.rebalance([], replicas) == []


def test_an_island_that_is_to_move_keeps_its_target_when_it_is_assigned() -> None:
    placement = Placement()
    replicas = placed(placement, 1, 2, [0])
    (number,) = placement.rebalance([0, 1], replicas)
    replicas[number].mark_lost()
    placement.assign([0, 1], [replicas[number]])
    assert replicas[number].worker == 1
