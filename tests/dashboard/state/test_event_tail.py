"""Following a file of events: as it grows, is cut, is damaged, or is very long."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from support.runs.sample_events import epoch, improvement

from automl_zero.dashboard.state import event_tail, run_state
from automl_zero.dashboard.state.event_tail import EventTail
from automl_zero.run.record.events import EpochEnd, Event, to_json


def text(*events: Event) -> str:
    return "".join(f"{to_json(each)}\n" for each in events)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_what_is_added_is_read_and_half_a_line_waits(path: Path) -> None:
    tail = EventTail(path, path.parent)
    path.write_text(text(epoch(1.0, 10)) + text(epoch(2.0, 20))[:30])
    tail.read_new()
    assert [point.programs for point in tail.curve] == [10]
    path.write_text(text(epoch(1.0, 10), epoch(2.0, 20), improvement(20, 0.7)))
    tail.read_new()
    assert ([point.programs for point in tail.curve], tail.known.improvements[0].fitness) == ([10, 20], 0.7)


@pytest.mark.parametrize("later", [[], [epoch(3.0, 30), epoch(4.0, 40), epoch(5.0, 50)]])
def test_a_file_that_was_cut_is_read_again(path: Path, later: list[Event]) -> None:
    tail = EventTail(path, path.parent)
    path.write_text(text(epoch(1.0, 10), epoch(2.0, 20)))
    tail.read_new()
    path.write_text(text(epoch(1.0, 10), *later))
    tail.read_new()
    assert [point.programs for point in tail.curve] == [10, *(30, 40, 50)[: len(later)]]


def test_lines_that_are_no_events_are_counted(path: Path) -> None:
    path.write_text("nonsense\n" + text(epoch(1.0, 10)))
    tail = EventTail(path, path.parent)
    tail.read_new()
    assert (tail.faulty, len(tail.curve)) == (1, 1)


SMALL = {"CHUNK": 4096, "TAIL": 2048, "PROBE": 2048}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes for which a file of a thousand events is long."""
    for name, value in SMALL.items():
        monkeypatch.setattr(event_tail, name, value)
    for name in ("MAX_POINTS", "MAX_IMPROVEMENTS"):
        monkeypatch.setattr(run_state, name, 50)
    monkeypatch.setattr(event_tail, "MAX_POINTS", 50)


@pytest.mark.usefixtures("small")
def test_a_long_file_is_shown_before_it_is_read_and_kept_small(path: Path) -> None:
    events = [each for n in range(1, 1000) for each in (epoch(n, 10 * n), improvement(10 * n, n / 1000))]
    path.write_text(text(*events))
    tail = EventTail(path, path.parent)
    tail.read_new(0.0)
    assert tail.share < 0.1
    latest = tail.known.latest(EpochEnd)
    assert latest is not None
    assert latest.programs == 9990
    assert tail.curve[-1].seconds > 900
    while tail.share < 1:
        tail.read_new()
    improvements = tail.known.improvements
    assert len(tail.curve) <= 51
    assert len(improvements) <= 50
    assert (tail.curve[0].programs, improvements[-1].fitness) == (10, 0.999)
    assert tail.known.latest(EpochEnd) == latest


@pytest.mark.usefixtures("small")
def test_what_a_first_look_reads_does_not_grow_with_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    part = event_tail._part
    monkeypatch.setattr(event_tail, "_part", lambda *each: (read.append(each[2]), part(*each))[1])
    amounts = []
    for count in (1000, 4000):
        path.write_text(text(*(epoch(n, 10 * n) for n in range(1, count))))
        read.clear()
        tail = EventTail(path, path.parent)
        tail.read_new(0.0)
        assert len(tail.curve) > 50
        amounts.append(sum(read))
    assert amounts[0] == amounts[1] == SMALL["TAIL"] + event_tail.PROBES * SMALL["PROBE"] + SMALL["CHUNK"]


def test_the_memory_for_a_run_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of numbers in memory; ``benchmarks/speed/dashboard_load.py`` measures the bytes of long runs."""
    for name in ("MAX_POINTS", "MAX_IMPROVEMENTS"):
        monkeypatch.setattr(run_state, name, 20)
    sizes = []
    for count in (500, 2000):
        path.write_text(text(*(each for n in range(1, count) for each in (epoch(n, n), improvement(n, n / 9000)))))
        tail = EventTail(path, path.parent)
        tracemalloc.start()
        tail.read_new(60)
        assert tail.share == 1
        sizes.append(tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, run_state.__file__)]))
        tracemalloc.stop()
    kept = [sum(each.size for each in snapshot.statistics("filename")) for snapshot in sizes]
    assert kept[1] < 1.5 * kept[0] < 30_000
