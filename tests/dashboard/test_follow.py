"""Following a file of events: as it grows, is cut, is damaged, or is very long."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_events import epoch, improvement

from automl_zero.dashboard import follow
from automl_zero.dashboard.follow import Follower
from automl_zero.run.events import Event, to_json


def text(*events: Event) -> str:
    return "".join(f"{to_json(each)}\n" for each in events)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_what_is_added_is_read_and_half_a_line_waits(path: Path) -> None:
    follower = Follower(path)
    path.write_text(text(epoch(1.0, 10)) + text(epoch(2.0, 20))[:30])
    follower.look()
    assert [point[1] for point in follower.curve] == [10]
    path.write_text(text(epoch(1.0, 10), epoch(2.0, 20), improvement(20, 0.7)))
    follower.look()
    assert ([point[1] for point in follower.curve], follower.moments[0].fitness) == ([10, 20], 0.7)


@pytest.mark.parametrize("later", [[], [epoch(3.0, 30), epoch(4.0, 40), epoch(5.0, 50)]])
def test_a_file_that_was_cut_is_read_anew(path: Path, later: list[Event]) -> None:
    follower = Follower(path)
    path.write_text(text(epoch(1.0, 10), epoch(2.0, 20)))
    follower.look()
    path.write_text(text(epoch(1.0, 10), *later))
    follower.look()
    assert [point[1] for point in follower.curve] == [10, *(30, 40, 50)[: len(later)]]


def test_lines_that_are_no_events_are_counted(path: Path) -> None:
    path.write_text("nonsense\n" + text(epoch(1.0, 10)))
    follower = Follower(path)
    follower.look()
    assert (follower.faulty, len(follower.curve)) == (1, 1)


def test_a_long_file_is_shown_before_it_is_read_and_kept_small(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CHUNK", 4096), ("TAIL", 2048), ("MOST_POINTS", 50), ("MOST_MOMENTS", 50), ("PROBE", 2048)):
        monkeypatch.setattr(follow, name, value)
    events = [each for n in range(1, 1000) for each in (epoch(n, 10 * n), improvement(10 * n, n / 1000))]
    path.write_text(text(*events))
    follower = Follower(path)
    follower.look(0.0)
    assert follower.share < 0.1
    assert follower.epoch is not None
    assert follower.epoch.programs == 9990
    assert follower.curve[-1][0] > 900
    while follower.share < 1:
        follower.look()
    assert len(follower.curve) <= 51
    assert len(follower.moments) <= 50
    assert (follower.curve[0][1], follower.moments[-1].fitness) == (10, 0.999)
