"""The map of the islands shows where programs of other islands took over, and never more than the events do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.runs.sample_events import EPOCH
from support.runs.small_config import small_config

from automl_zero.report.map_figure import IslandMap, Takeover, draw_map, explanation, island_map
from automl_zero.report.run_history import RunHistory

Immigrants = tuple[tuple[int, int] | None, ...]


def history(*epochs: tuple[tuple[float, ...], Immigrants]) -> RunHistory:
    data = RunHistory(small_config())
    for number, (fitness, immigrants) in enumerate(epochs, 1):
        data.update(replace(EPOCH, epoch=number, island_fitness=fitness, immigrants=immigrants))
    return data


FOUR = [
    ((0.1, 0.2), (None, None)),
    ((0.1, 0.3), (None, (0, 5))),  # the first program of island 0
    ((0.1, 0.3), (None, (0, 5))),  # which stays
    ((0.4, 0.5), ((1, 9), (0, 8))),  # another one, and one the other way
]


def test_a_takeover_is_shown_once_for_every_ancestor_from_elsewhere() -> None:
    found = island_map(history(*FOUR))
    assert found == IslandMap(
        epochs=(1, 2, 3, 4),
        fitness=((0.1, 0.1, 0.1, 0.4), (0.2, 0.3, 0.3, 0.5)),
        takeovers=(Takeover(2, 1, 0), Takeover(4, 0, 1), Takeover(4, 1, 0)),
    )
    assert "arrows begin at its island. That happened 3 times among" in explanation(found)


@pytest.mark.parametrize("immigrants", [(), ((7, 1), None), ((-1, 1), None)], ids=["older", "no island", "negative"])
def test_unknown_and_impossible_sources_are_not_shown(immigrants: Immigrants) -> None:
    found = island_map(history(((0.1, 0.2), ()), ((0.1, 0.2), (None, None)), ((0.3, 0.4), immigrants)))
    assert (found.epochs, found.takeovers) == ((1, 2, 3), ())
    assert "Points" not in explanation(found)


def test_a_single_island_has_no_map() -> None:
    assert island_map(history(((0.1,), (None,)))).epochs == ()


def test_of_many_epochs_some_are_drawn_and_always_the_latest() -> None:
    found = island_map(history(*([((0.1, 0.2), (None, None))] * 400), ((0.1, 0.5), (None, (0, 3)))))
    assert len(found.epochs) <= 161
    assert (found.epochs[-1], found.takeovers) == (401, (Takeover(401, 1, 0),))


def test_each_colour_has_as_many_cells() -> None:
    levels = IslandMap((1,), tuple((float(value),) for value in range(121)), ()).levels
    assert levels == pytest.approx([10.0 * number for number in range(13)])


@pytest.mark.parametrize(("islands", "arrows"), [(2, 1), (40, 0)])
def test_arrows_show_the_source_unless_there_are_many_islands(islands: int, arrows: int) -> None:
    cells = tuple((float(row), row + 0.5) for row in range(islands))
    (axes, _) = draw_map(IslandMap((1, 2), cells, (Takeover(2, 1, 0),))).get_axes()
    assert (len(axes.lines), len(axes.texts)) == (1, arrows)
    assert list(axes.lines[0].get_xydata()[0]) == [1.0, 1.0]


def test_equal_values_and_none_can_be_drawn() -> None:
    assert len(draw_map(IslandMap((1,), ((0.5,), (0.5,)), ())).get_axes()) == 1
    assert len(draw_map(IslandMap((), (), ())).get_axes()) == 1
