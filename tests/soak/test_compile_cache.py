"""Files of the cache of compiled code are damaged between starts of a search, and a process that compiles is suspended.

Every start gives the result of the first one. ``make soak`` takes at least a tenth of ``SOAK_SECONDS`` for the damage,
and as long as it takes to compile for the rest.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.runs.commands import COMMAND, wait_until
from support.runs.small_config import small_file
from support.runs.timeless import timeless

from automl_zero.run.checkpoint.manager import state_digest
from automl_zero.run.record.run_folder import read_run
from automl_zero.system.cache_dir import CACHE_VARIABLE
from automl_zero.vm import compile_lock

SECONDS = float(os.environ.get("SOAK_SECONDS", "1200")) / 10
FEWEST = 6  # starts of a search after damage, one of each kind
PATIENCE = 600.0  # seconds in which a search that compiles must be at its end
SUSPENDED_AFTER = 3.0  # seconds: it compiles by then


def empty(file: Path, _random: random.Random) -> None:
    file.write_bytes(b"")


def cut(file: Path, dice: random.Random) -> None:
    os.truncate(file, dice.randrange(file.stat().st_size))


def flip(file: Path, dice: random.Random) -> None:
    content = bytearray(file.read_bytes())
    for _ in range(dice.randint(1, 100)):
        content[dice.randrange(len(content))] ^= dice.randint(1, 255)
    file.write_bytes(content)


def fill(file: Path, dice: random.Random) -> None:
    file.write_bytes(dice.randbytes(file.stat().st_size))


def remove(file: Path, _random: random.Random) -> None:
    file.unlink()


def exchange(file: Path, dice: random.Random) -> None:
    """With the content of any other."""
    shutil.copy(dice.choice([each for each in file.parent.glob("*.nbc") if each != file]), file)


DAMAGES: tuple[Callable[[Path, random.Random], None], ...] = (empty, cut, flip, fill, remove, exchange)


def begin(config: Path, out: Path, cache: Path) -> subprocess.Popen[str]:
    command = [*COMMAND, "run", str(config), "--out", str(out), "--quiet"]
    environment = os.environ | {CACHE_VARIABLE: str(cache)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def search(config: Path, out: Path, cache: Path) -> str:
    """Do a search; gives what it warned of."""
    with begin(config, out, cache) as process:
        _, warned = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, warned
    return warned


def check_same(one: Path, other: Path) -> None:
    assert timeless(read_run(one).events) == timeless(read_run(other).events)
    assert state_digest(one) == state_digest(other)


@pytest.mark.soak
def test_whatever_is_damaged_every_start_finds_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, cache, first = small_file(tmp_path), tmp_path / "cache", tmp_path / "first"
    search(config, first, cache)
    dice, end, starts, repaired = random.Random(0), time.monotonic() + SECONDS, 0, 0
    while time.monotonic() < end or starts < FEWEST:
        files = sorted(cache.rglob("*.nbc"))
        damaged = dice.sample(files, dice.randint(1, 2))
        for file in damaged:  # each of which the search uses
            DAMAGES[starts % len(DAMAGES)](file, dice)
        out = tmp_path / "again"
        assert search(config, out, cache) == ""
        check_same(first, out)
        shutil.rmtree(out)
        starts, repaired = starts + 1, repaired + len(damaged)
    with capsys.disabled():
        print(f"\ncache: {repaired} files damaged before {starts} starts")


@pytest.mark.soak
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be suspended here")
def test_a_process_that_is_suspended_while_it_compiles_holds_nobody_up(tmp_path: Path) -> None:
    config, cache = small_file(tmp_path), tmp_path / "cache"
    with begin(config, tmp_path / "suspended", cache) as suspended:
        wait_until(lambda: list(cache.rglob(compile_lock.NAME)))
        time.sleep(SUSPENDED_AFTER)
        suspended.send_signal(signal.SIGSTOP)
        try:
            warned = search(config, tmp_path / "other", cache)
        finally:
            suspended.send_signal(signal.SIGCONT)
        suspended.communicate(timeout=PATIENCE)
    assert suspended.returncode == 0
    assert "does not go on: what it compiles is compiled here, too" in warned
    check_same(tmp_path / "suspended", tmp_path / "other")
    assert search(config, tmp_path / "third", cache) == ""
    check_same(tmp_path / "third", tmp_path / "other")
