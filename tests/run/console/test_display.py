from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from support.runs.sample_events import EPOCH, ESTIMATE, SCORING, improvement, selection

from automl_zero.config import Config
from automl_zero.run.console import display
from automl_zero.run.console.display import COMPILING, INTERRUPTING, Display, LiveDisplay, PlainDisplay, new_display
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.events import Cluster, Event, Start

START = Start(version="1", name="small", seed=3, workers=8, time="")


def plain_lines(*events: Event) -> list[str]:
    output, progress = StringIO(), Progress(Config())
    with new_display(progress, Console(file=output, width=80)) as shown:
        for event in events:
            progress.update(event)
            shown.show(event)
    return output.getvalue().splitlines()


def wait_for(text: str, output: StringIO) -> None:
    deadline = time.monotonic() + 5
    while text not in output.getvalue() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert text in output.getvalue()


def terminal(output: StringIO) -> Console:
    return Console(file=output, force_terminal=True, width=80, height=24, _environ={"TERM": "xterm"})


@pytest.mark.parametrize(
    ("console", "kind"),
    [
        (Console(file=StringIO()), PlainDisplay),
        (Console(file=StringIO(), force_terminal=True, _environ={"TERM": "dumb"}), PlainDisplay),
        (terminal(StringIO()), LiveDisplay),
    ],
    ids=["file", "dumb terminal", "terminal"],
)
def test_only_a_terminal_gets_a_live_picture(console: Console, kind: type) -> None:
    assert isinstance(new_display(Progress(Config()), console), kind)


def test_without_a_terminal_the_run_is_named_first() -> None:
    assert plain_lines(START) == ["small, seed 3: 4 islands, 4 at a time"]


def test_epochs_get_a_line_every_few_seconds() -> None:
    events = [replace(EPOCH, seconds=second / 2, programs=100 * second) for second in range(1, 31)]
    lines = plain_lines(*events)
    assert [line.split()[0] for line in lines] == ["0:05", "0:10", "0:15"]
    assert lines[0] == "0:05  experiment 1  1k programs  200/s  best fitness 0.50000"


@pytest.mark.parametrize("has_news", [False, True])
def test_a_long_run_fills_no_log(has_news: bool) -> None:
    hours = [replace(EPOCH, seconds=float(second)) for second in range(1, 4 * 3600)]
    lines = plain_lines(*(each for epoch in hours for each in ([improvement(10, 0.5)] * has_news + [epoch])))
    assert 4 * 60 <= len(lines) <= 4 * 60 + 150


def test_a_log_holds_no_commands_of_a_terminal() -> None:
    assert not any(
        "\x1b" in line for line in plain_lines(START, ESTIMATE, EPOCH, selection(0.5, is_best=True), SCORING)
    )


def test_on_a_cluster_lines_show_what_it_is() -> None:
    cluster = Cluster(nodes=3, workers=12, replays=2)
    events = [replace(EPOCH, seconds=float(second), cluster=cluster) for second in range(1, 6)]
    (line,) = plain_lines(*events)
    assert line.endswith("best fitness 0.50000  nodes 3, processes 12, epochs 1/s, islands recovered 2")


def test_improvements_hasten_the_next_line() -> None:
    epochs = [replace(EPOCH, seconds=float(second)) for second in range(1, 6)]
    lines = plain_lines(epochs[0], improvement(10, 0.5), epochs[1], *epochs[2:])
    assert [line.split()[0] for line in lines] == ["0:02"]


def test_many_improvements_do_not_flood_the_screen() -> None:
    epochs = [replace(EPOCH, seconds=tenth / 10) for tenth in range(1, 31)]
    assert len(plain_lines(*(each for epoch in epochs for each in (improvement(10, 0.5), epoch)))) == 3


def test_what_takes_long_at_the_beginning_is_what_the_engine_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "PATIENCE", 0.0)
    output = StringIO()
    with new_display(Progress(Config()), Console(file=output, width=80), "waiting for the cluster"):
        wait_for("waiting for the cluster", output)


def test_the_end_of_an_experiment_is_reported_if_it_is_the_best() -> None:
    assert plain_lines(selection(0.25, is_best=False), selection(0.5, is_best=True)) == [
        "0:03  experiment 1 ends by experiment.patience: fitness 0.50000 on search, 0.50000 on select, the best so far"
    ]


def test_the_expected_cost_and_the_tuning_of_baselines_are_reported() -> None:
    expected, tuning = plain_lines(ESTIMATE, SCORING)
    assert expected.startswith("expected: ")
    assert tuning == "0:04  tuning baseline 1 of 2, ridge regression"


def test_the_live_clock_goes_on_while_a_baseline_is_tuned(monkeypatch: pytest.MonkeyPatch) -> None:
    output, progress = StringIO(), Progress(Config())
    with new_display(progress, terminal(output)) as shown:
        progress.update(SCORING)
        shown.show(SCORING)
        wait_for("tuning baseline 1 of 2, ridge regression, 0:00", output)
        now = display.monotonic()
        monkeypatch.setattr(display, "monotonic", lambda: now + 61)
        wait_for("tuning baseline 1 of 2, ridge regression, 1:01", output)


@pytest.mark.parametrize("console_of", [lambda output: Console(file=output), terminal], ids=["plain", "live"])
def test_a_start_that_takes_long_is_said_to_be_compiling(
    console_of: Callable[[StringIO], Console], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "PATIENCE", 0.05)
    output = StringIO()
    with new_display(Progress(Config()), console_of(output)):
        wait_for(COMPILING, output)


def test_a_quick_start_is_not_said_to_be_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "PATIENCE", 0.2)
    output, progress = StringIO(), Progress(Config())
    with new_display(progress, Console(file=output)) as shown:
        progress.update(START)
        shown.show(START)
        time.sleep(0.3)
    assert COMPILING not in output.getvalue()


@pytest.mark.parametrize("console_of", [lambda output: Console(file=output), terminal], ids=["plain", "live"])
def test_an_interruption_is_acknowledged(console_of: Callable[[StringIO], Console]) -> None:
    output, progress = StringIO(), Progress(Config())
    shown: Display = new_display(progress, console_of(output))
    with shown:
        progress.update(START)
        shown.show(START)
        shown.notify()
        wait_for(INTERRUPTING, output)


def test_the_live_picture_is_taken_away_and_the_cursor_given_back(complete: Progress) -> None:
    output = StringIO()
    with new_display(complete, terminal(output)):
        wait_for("best algorithm so far", output)
    assert output.getvalue().rindex("\x1b[?25h") > output.getvalue().rindex("\x1b[?25l")
    assert output.getvalue().endswith("\x1b[2K")


def test_a_quiet_console_shows_nothing() -> None:
    output, progress = StringIO(), Progress(Config())
    with new_display(progress, Console(file=output, quiet=True)) as shown:
        progress.update(START)
        shown.show(START)
    assert output.getvalue() == ""
