"""Untrusted run folders: whatever stands in the place of a file, nothing outside is reached or waited for.

Each thing that a run folder holds is replaced by what leads elsewhere, and commands are done on it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.runs.saved_states import migrating, record
from typer.testing import CliRunner, Result

from automl_zero.cli import main
from automl_zero.report.ablation_cache import CachedAblation, save_ablation
from automl_zero.run.checkpoint.manager import latest
from automl_zero.run.record.events import Final
from automl_zero.run.record.run_folder import StoreError, read_run

SECONDS = 60  # in which a command is done, unless it waits for something that never comes
NEWEST = "checkpoints/newest"  # stands for the name of the newest checkpoint
READ = ("config.toml", "events.jsonl", "best/final.txt", "ablation.json", NEWEST)  # by one command or another
WRITTEN = ("report.txt", "report.html", "log.txt", ".lock", ".holder", "best/search.txt", "best/select.txt")
FOLDERS = ("best", "checkpoints")
FURTHER = ("resume", "--quiet", "--set", "stop.max_experiments=2")
COMMANDS: dict[str, tuple[str, ...]] = {
    "show": ("show",),
    "show as JSON": ("show", "--json"),
    "report": ("report",),
    "lineage": ("lineage",),
    "export": ("export", "--to", "python"),
    "resume": ("resume", "--quiet"),
    "resume further": FURTHER,
}
OF_PROGRAMS: dict[str, tuple[str, ...]] = {
    "analyze": ("analyze",),
    "tune": ("tune", "--trials", "1"),
    "ablate": ("ablate", "--trials", "1", "--seeds", "2"),
}
# What must not come to a good end, since the command needs what stands there.
NEEDED = {
    "config.toml": (*COMMANDS, *OF_PROGRAMS),
    "events.jsonl": ("show", "show as JSON", "report", "lineage", "export", "resume", "resume further"),
    "best/final.txt": ("export", *OF_PROGRAMS),
    "best": ("export", "resume further", *OF_PROGRAMS),
    "ablation.json": ("report",),
    "checkpoints": ("resume further",),
    "log.txt": ("resume further",),
    ".lock": ("resume", "resume further"),
    NEWEST: ("resume further",),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run that holds all that a run can hold."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    record(migrating(stop={"max_experiments": 1, "max_programs": None}, experiment={"max_programs": 300}), folder)
    assert invoke("report", folder).exit_code == 0
    (final,) = (event for event in read_run(folder).events if isinstance(event, Final))
    save_ablation(folder, CachedAblation(1, final.program, 1, 1, 0.5, ()))
    for name, content in {"log.txt": "begun\n", ".holder": "1 nowhere\n"}.items():
        (folder / name).write_text(content)
    return folder


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    """Nothing waits for ever."""

    def over(*_: object) -> None:
        raise TimeoutError(f"not done after {SECONDS} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without figures, which take most of their time and open no file."""
    monkeypatch.setattr("automl_zero.report.page.figures_of", lambda *_: {})


def invoke(command: str, folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, [command, str(folder), *options])


def link_to_another(path: Path, outside: Path) -> None:
    """To what was there, which a command could read or write just as well."""
    path.rename(outside / "another")
    path.symlink_to(outside / "another")


def link_to_nothing(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "new")


def link_to_a_device(path: Path, _: Path) -> None:
    path.symlink_to("/dev/zero")


def link_inside(path: Path, _: Path) -> None:
    """To what was there, in the same folder: another time it may lead elsewhere."""
    path.rename(path.with_name("another"))
    path.symlink_to("another")


def other_name(path: Path, outside: Path) -> None:
    path.rename(outside / "another")
    path.hardlink_to(outside / "another")


def pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def a_folder(path: Path, _: Path) -> None:
    path.mkdir()


LINKS = (link_to_another, link_to_nothing, link_to_a_device, link_inside)
KINDS = (*LINKS, other_name, pipe, a_folder)


def stranger(whole: Path, place: Path, name: str, kind: Callable[[Path, Path], None]) -> tuple[Path, Path]:
    """A copy of a run in which something was replaced, and a folder beside it that is to stay as it is."""
    shutil.rmtree(place, ignore_errors=True)
    run, outside = shutil.copytree(whole, place / "run"), place / "outside"
    outside.mkdir()
    path = max((run / "checkpoints").iterdir()) if name == NEWEST else run / name
    if kind in (link_to_nothing, link_to_a_device, pipe, a_folder):
        path.rename(outside / "what was there")
    kind(path, outside)
    return run, outside


def held(outside: Path) -> dict[Path, bytes | None]:
    return {each: each.read_bytes() if each.is_file() else None for each in sorted(outside.rglob("*"))}


def check(name: str, kind: Callable[[Path, Path], None], command: str, whole: Path, place: Path) -> None:
    """The command comes to its end or tells in a message why not, and what is outside stays."""
    run, outside = stranger(whole, place, name, kind)
    before, (word, *options) = held(outside), (COMMANDS | OF_PROGRAMS)[command]
    result = invoke(word, run, *options)
    what = f"{command}: {result.output}"
    assert isinstance(result.exception, SystemExit | None), (what, result.exception)
    assert result.exit_code in (0, 2), what
    assert ("error: " in result.stderr) == (result.exit_code == 2), what
    assert held(outside) == before, what
    if command in NEEDED.get(name, ()) and kind is not other_name:
        assert result.exit_code == 2, what


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*READ, *WRITTEN])
def test_nothing_outside_is_reached_in_place_of_a_file(
    name: str, kind: Callable[[Path, Path], None], whole: Path, tmp_path: Path
) -> None:
    commands = COMMANDS if name not in ("config.toml", "best/final.txt") else COMMANDS | OF_PROGRAMS
    for command in commands:
        check(name, kind, command, whole, tmp_path / "place")


@pytest.mark.parametrize("kind", [link_to_another, link_to_nothing, link_inside, link_to_a_device, pipe])
@pytest.mark.parametrize("name", FOLDERS)
def test_nothing_outside_is_reached_in_place_of_a_folder(
    name: str, kind: Callable[[Path, Path], None], whole: Path, tmp_path: Path
) -> None:
    for command in COMMANDS | OF_PROGRAMS:
        check(name, kind, command, whole, tmp_path / "place")


@pytest.mark.parametrize("name", ["config.toml", "events.jsonl", "log.txt", ".lock"])
def test_what_is_written_has_one_name_and_no_other(name: str, whole: Path, tmp_path: Path) -> None:
    """What is added to would change under the other name, too; what is replaced has a name of its own then."""
    run, outside = stranger(whole, tmp_path, name, other_name)
    before, result = held(outside), invoke(FURTHER[0], run, *FURTHER[1:])
    assert result.exit_code == (0 if name == "config.toml" else 2)
    assert ("it has another hard link" in result.stderr) == (name != "config.toml")
    assert held(outside) == before


@pytest.mark.parametrize(
    "name",
    [
        "z;touch pwned;#.checkpoint",
        "experiment-000009-epoch-000000001.checkpoint\n;touch pwned",
        "experiment-000009-epoch-000000001\x1b[2J.checkpoint",
        "experiment-00000\u0669-epoch-000000001.checkpoint",
        "z.checkpoint",
        "experiment-0000009-epoch-000000001.checkpoint",
    ],
)
def test_what_no_run_calls_so_is_no_checkpoint(name: str, whole: Path, tmp_path: Path) -> None:
    run = shutil.copytree(whole, tmp_path / "run")
    (run / "checkpoints" / name).write_text("no checkpoint")
    result = invoke(FURTHER[0], run, *FURTHER[1:])
    assert result.exit_code == 0
    assert (run / "checkpoints" / name).read_text() == "no checkpoint"
    reported = (run / "log.txt").read_text() + result.output
    assert "touch" not in reported
    assert "\x1b" not in reported
    assert latest(run).faults == ()


@pytest.mark.parametrize("name", ["z.checkpoint", "experiment-000009-epoch-000000001.checkpoint", "z"])
@pytest.mark.parametrize("kind", [pipe, a_folder, link_to_nothing, link_to_a_device])
def test_a_run_does_not_go_on_where_next_to_its_checkpoints_is_what_is_no_file(
    kind: Callable[[Path, Path], None], name: str, whole: Path, tmp_path: Path
) -> None:
    run, log = shutil.copytree(whole, tmp_path / "run"), (whole / "log.txt").read_text()
    kind(run / "checkpoints" / name, tmp_path)
    result = invoke(FURTHER[0], run, *FURTHER[1:])
    assert result.exit_code == 2
    assert f"{name} cannot be used (it is " in result.stderr
    assert (run / "log.txt").read_text() == log
    assert json.loads(invoke("show", run, "--json").stdout)["state_digest"] is None


def test_a_line_of_events_longer_than_a_run_writes_is_refused_in_little_memory(whole: Path, tmp_path: Path) -> None:
    run = shutil.copytree(whole, tmp_path / "run")
    with (run / "events.jsonl").open("r+b") as file:
        file.truncate(1 << 40)  # takes no place on a disk
    with pytest.raises(StoreError, match=r"events\.jsonl cannot be used \(a line has more than \d+ bytes\)"):
        read_run(run)


@pytest.mark.parametrize(
    "name", ["config.toml", "ablation.json", "best/final.txt", "log.txt", "report.txt", NEWEST, ".lock", ".holder"]
)
def test_a_monstrous_file_is_refused_unread(name: str, whole: Path, tmp_path: Path) -> None:
    run = shutil.copytree(whole, tmp_path / "run")
    path = max((run / "checkpoints").iterdir()) if name == NEWEST else run / name
    with path.open("r+b") as file:
        file.truncate(1 << 40)
    for command in ("show as JSON", "report", "export"):
        word, *options = COMMANDS[command]
        result = invoke(word, run, *options)
        assert isinstance(result.exception, SystemExit | None)
        assert result.exit_code == (2 if command in NEEDED.get(name, ()) else 0), result.output
