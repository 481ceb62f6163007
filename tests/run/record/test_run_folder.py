from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from support.runs.small_config import small_config

from automl_zero.config import Config
from automl_zero.program.text import from_text
from automl_zero.run.record.events import Event, Final, Improvement, Selection
from automl_zero.run.record.run_folder import RunFolder, StoreError, check_new, default_folder, locked, read_run


def recorded(path: Path, config: Config, events: tuple[Event, ...]) -> RunFolder:
    folder = RunFolder.create(path, config)
    for event in events:
        folder.record(event)
    return folder


def files(path: Path) -> list[str]:
    return sorted(str(each.relative_to(path)) for each in path.rglob("*"))


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("linear", "runs/linear-seed-3"),
        ("two words", "runs/two-words-seed-3"),
        ("../../etc", "runs/-etc-seed-3"),
        ("", "runs/run-seed-3"),
    ],
)
def test_a_run_is_kept_under_its_name_and_seed(name: str, folder: str) -> None:
    assert default_folder(Config(name=name, seed=3)) == Path(folder)


def test_a_new_folder_holds_the_config_and_no_events(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "runs" / "new", small_config())
    assert files(tmp_path / "runs") == ["new", "new/best", "new/config.toml", "new/events.jsonl"]
    stored = read_run(tmp_path / "runs" / "new")
    assert (stored.config, stored.events) == (small_config(), ())


def test_a_complete_folder_gives_back_config_and_events(
    tmp_path: Path, two_experiments: Config, events: tuple[Event, ...]
) -> None:
    recorded(tmp_path / "run", two_experiments, events).write_report("all is well\n")
    stored = read_run(tmp_path / "run")
    assert (stored.config, stored.events) == (two_experiments, events)
    assert (tmp_path / "run" / "report.txt").read_text() == "all is well\n"
    best = [f"best/{name}.txt" for name in ("final", "search", "select")]
    assert files(tmp_path / "run") == ["best", *best, "config.toml", "events.jsonl", "report.txt"]


def test_the_best_programs_are_kept_exactly(tmp_path: Path, two_experiments: Config, events: tuple[Event, ...]) -> None:
    recorded(tmp_path / "run", two_experiments, events)
    best: dict[str, str] = {}
    for event in events:
        match event:
            case Improvement(is_best=True):
                best["search"] = event.program
            case Selection(is_best=True):
                best["select"] = event.program
            case Final():
                best["final"] = event.program
    for name, text in best.items():
        assert from_text((tmp_path / "run" / "best" / f"{name}.txt").read_text()) == from_text(text)


def test_an_improvement_that_is_no_record_of_the_run_replaces_nothing(
    tmp_path: Path, two_experiments: Config, events: tuple[Event, ...]
) -> None:
    folder = RunFolder.create(tmp_path / "run", two_experiments)
    first, second, *_ = (event for event in events if isinstance(event, Improvement))
    folder.record(first)
    folder.record(replace(second, is_best=False))
    assert from_text((tmp_path / "run" / "best" / "search.txt").read_text()) == from_text(first.program)


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_last_line_that_was_cut_off_is_left_out(
    cut: int, tmp_path: Path, two_experiments: Config, events: tuple[Event, ...]
) -> None:
    recorded(tmp_path / "run", two_experiments, events)
    path = tmp_path / "run" / "events.jsonl"
    os.truncate(path, path.stat().st_size - cut)
    assert read_run(tmp_path / "run").events == events[:-1]


def test_a_broken_line_is_named(tmp_path: Path, two_experiments: Config, events: tuple[Event, ...]) -> None:
    recorded(tmp_path / "run", two_experiments, events[:1])
    with (tmp_path / "run" / "events.jsonl").open("a") as file:
        file.write("oops\n")
    with pytest.raises(StoreError, match=r"events\.jsonl, line 2 is not an event: restore or remove the line"):
        read_run(tmp_path / "run")


def test_what_is_no_run_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"is not a run folder, it has no config\.toml"):
        read_run(tmp_path / "missing")


def test_a_folder_without_events_is_named(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", small_config())
    (tmp_path / "run" / "events.jsonl").unlink()
    with pytest.raises(StoreError, match=r"events\.jsonl cannot be used \(No such file or directory\)"):
        read_run(tmp_path / "run")


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file", "dangling link"])
def test_what_exists_is_never_overwritten(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "run"
    if kind.endswith("folder"):
        path.mkdir()
    if kind == "folder":
        (path / "precious").touch()
    if kind == "file":
        path.touch()
    if kind == "dangling link":
        path.symlink_to(tmp_path / "nowhere")
    before = files(tmp_path)
    for attempt in (check_new, lambda path: RunFolder.create(path, small_config())):
        with pytest.raises(StoreError, match=r"run exists and is not overwritten: choose another --out or remove it"):
            attempt(path)
    assert files(tmp_path) == before


def test_a_place_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "run", tmp_path / "file" / "deep" / "run"):
        for attempt in (check_new, lambda path: RunFolder.create(path, small_config())):
            with pytest.raises(StoreError, match=r"file is not a folder: choose another --out"):
                attempt(path)
    assert files(tmp_path) == ["file"]


def test_a_name_that_no_folder_can_have_is_refused(tmp_path: Path) -> None:
    for attempt in (check_new, lambda path: RunFolder.create(path, small_config())):
        with pytest.raises(StoreError, match=r"cannot be made \(File name too long\): choose another --out"):
            attempt(tmp_path / ("a" * 5000))
    with pytest.raises(StoreError, match=r"cannot be used \(File name too long\)"):
        read_run(tmp_path / ("a" * 5000))


def test_a_folder_that_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(StoreError, match=r"cannot be made \(No space left on device\): choose another --out"):
        RunFolder.create(tmp_path / "run", small_config())
    assert files(tmp_path) == []


def test_a_file_that_cannot_be_replaced_stays_as_it_was(
    tmp_path: Path, two_experiments: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder.create(tmp_path / "run", two_experiments)
    folder.write_report("first")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("automl_zero.system.atomic_write.os.replace", full)
    with pytest.raises(StoreError, match=r"report\.txt cannot be used \(No space left on device\)"):
        folder.write_report("second")
    assert (tmp_path / "run" / "report.txt").read_text() == "first"
    assert not [name for name in files(tmp_path) if "/." in name]


# Going on -------------------------------------------------------------------------------------------------------------


def test_a_folder_is_taken_back_to_when_it_had_its_first_events(
    tmp_path: Path, two_experiments: Config, events: tuple[Event, ...]
) -> None:
    path, count = tmp_path / "run", next(n for n, each in enumerate(events) if isinstance(each, Selection)) - 1
    recorded(path, two_experiments, events).write_report("all is well\n")
    recorded(tmp_path / "other", two_experiments, events[:count])
    config = small_config(stop={"max_programs": 7})
    RunFolder.reopen(path, config, events[:count], "from here\nand so on")
    assert (read_run(path).config, read_run(path).events) == (config, events[:count])
    assert files(path) == ["best", "best/search.txt", "config.toml", "events.jsonl", "log.txt"]
    assert (path / "best" / "search.txt").read_text() == (tmp_path / "other" / "best" / "search.txt").read_text()
    assert [line.split("+00:00 ")[1] for line in (path / "log.txt").read_text().splitlines()] == [
        "from here",
        "and so on",
    ]


def test_the_log_is_added_to(tmp_path: Path, two_experiments: Config, events: tuple[Event, ...]) -> None:
    recorded(tmp_path / "run", two_experiments, events)
    for note in ("one", "two"):
        RunFolder.reopen(tmp_path / "run", two_experiments, events[:3], note)
    assert [line[-3:] for line in (tmp_path / "run" / "log.txt").read_text().splitlines()] == ["one", "two"]


def test_what_comes_after_a_line_that_was_cut_off_stands_on_a_line_of_its_own(
    tmp_path: Path, two_experiments: Config, events: tuple[Event, ...]
) -> None:
    recorded(tmp_path / "run", two_experiments, events[:4])
    path = tmp_path / "run" / "events.jsonl"
    os.truncate(path, path.stat().st_size - 10)
    RunFolder.reopen(tmp_path / "run", two_experiments, events[:3], "").record(events[3])
    assert read_run(tmp_path / "run").events == events[:4]


def test_a_lock_is_held_by_one_alone_and_only_for_a_while(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", small_config())
    for _ in range(2):
        with locked(tmp_path / "run"):
            with pytest.raises(StoreError, match=r"run is in use by another process"), locked(tmp_path / "run"):
                pass
            with locked(tmp_path):
                pass


def test_a_lock_ends_with_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        _ = 1 // 0
    with locked(tmp_path):
        assert files(tmp_path) == [".holder", ".lock"]
    assert files(tmp_path) == [".lock"]


def test_a_lock_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"\.lock cannot be used \(.*\): check the disk"), locked(tmp_path / "file"):
        pass
