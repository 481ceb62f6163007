from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_zero.config import StageConfig, TasksConfig
from automl_zero.tasks.datasets.sources import PAPER_DATASETS
from automl_zero.tasks.splits import SELECT_PAIRS, Stage, groupings, pairs_of, share_of

PAIRS = list(combinations(range(10), 2))


def digits_of_classes(grouping: tuple[int, ...]) -> list[list[int]]:
    return [[digit for digit, of_digit in enumerate(grouping) if of_digit == each] for each in set(grouping)]


@pytest.mark.parametrize("stage", Stage)
def test_a_stage_reads_its_own_sizes(stage: Stage) -> None:
    config = TasksConfig.model_validate({stage.value: {"num_tasks": 77}})
    assert stage.size(config).num_tasks == 77
    assert all(other.size(config) == StageConfig() for other in Stage if other is not stage)


def test_the_pairs_are_shared_27_to_9_to_9() -> None:
    assert [len(share_of(stage, PAIRS)) for stage in Stage] == [27, 9, 9]


def test_the_binary_groupings_are_shared_76_to_25_to_25() -> None:
    assert [len(share_of(stage, groupings(10, 2))) for stage in Stage] == [76, 25, 25]


@given(st.sets(st.integers(), min_size=3))
def test_shares_are_disjoint_and_leave_nothing_out(items: set[int]) -> None:
    shares = [share_of(stage, sorted(items)) for stage in Stage]
    assert Counter(item for share in shares for item in share) == Counter(items)


@given(st.permutations(PAIRS))
def test_shares_do_not_depend_on_the_order_of_the_items(pairs: list[tuple[int, int]]) -> None:
    assert share_of(Stage.FINAL, pairs) == share_of(Stage.FINAL, PAIRS)


def test_the_split_is_the_same_for_ever() -> None:
    assert sorted(share_of(Stage.FINAL, PAIRS)) == [
        (0, 4),
        (1, 2),
        (2, 3),
        (2, 6),
        (2, 9),
        (3, 8),
        (5, 9),
        (6, 8),
        (8, 9),
    ]


@pytest.mark.parametrize("num_classes", range(2, 11))
def test_groupings_are_as_even_as_possible(num_classes: int) -> None:
    even = sorted(len(part) for part in np.array_split(np.arange(10), num_classes))
    assert all(sorted(Counter(grouping).values()) == even for grouping in groupings(10, num_classes))


@pytest.mark.parametrize("num_classes", range(2, 11))
def test_no_grouping_occurs_twice_under_other_names(num_classes: int) -> None:
    nameless = {frozenset(map(frozenset, digits_of_classes(grouping))) for grouping in groupings(10, num_classes)}
    assert len(nameless) == len(groupings(10, num_classes))


@pytest.mark.parametrize(
    ("num_classes", "count"), [(2, 126), (3, 2100), (4, 6300), (5, 945), (8, 630), (9, 45), (10, 1)]
)
def test_all_groupings_are_found(num_classes: int, count: int) -> None:
    assert len(groupings(10, num_classes)) == count


@pytest.mark.parametrize("num_classes", range(2, 10))
def test_no_grouping_belongs_to_two_stages(num_classes: int) -> None:
    shares = [set(share_of(stage, groupings(10, num_classes))) for stage in Stage]
    assert all(shares)
    assert all(one.isdisjoint(other) for one, other in combinations(shares, 2))


def test_every_stage_has_the_only_grouping_into_ten_classes() -> None:
    assert all(share_of(stage, groupings(10, 10)) == [tuple(range(10))] for stage in Stage)


def test_the_pairs_of_other_data_sets_are_split_between_the_stages() -> None:
    assert [pairs_of(stage, 10, as_published=False) for stage in Stage] == [share_of(stage, PAIRS) for stage in Stage]


def test_the_pairs_of_the_papers_data_sets_are_those_of_the_published_list() -> None:
    assert PAPER_DATASETS == ("cifar10", "mnist", "fashion-mnist")
    search, select, final = (pairs_of(stage, 10, as_published=True) for stage in Stage)
    assert (len(search), tuple(select), final) == (36, SELECT_PAIRS, PAIRS)
    assert set(search).isdisjoint(select)
