"""Untrusted input: whatever a file or an argument contains, it is read, or refused with one of the declared errors.

Some hundred cases of each kind belong to all tests; ``make soak`` tries more than 100,000.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.data.damage import archive, damaged, edits, npy, npy_of, signed
from support.programs.strategies import programs
from support.runs.small_config import mixed_config, small_config

from automl_zero.cli.support.printing import to_json
from automl_zero.config import Config, ConfigError, load_config
from automl_zero.program.program import ProgramError
from automl_zero.program.text import from_text, to_text
from automl_zero.run.checkpoint.compatibility import check_resumable, config_changes
from automl_zero.run.checkpoint.file_format import (
    Checkpoint,
    CheckpointError,
    origin_of,
    read_checkpoint,
    write_checkpoint,
)
from automl_zero.run.checkpoint.snapshot import Snapshot
from automl_zero.run.console.live_view import draw
from automl_zero.run.console.progress import Progress
from automl_zero.run.console.summary import report, summary
from automl_zero.run.experiment import Experiment
from automl_zero.run.record.events import to_json as to_line
from automl_zero.run.record.run_folder import RunFolder, StoreError, read_run
from automl_zero.run.run import Run

Check = Callable[..., None]
MEMORY = 64 << 20  # bytes that reading something small may take
LONGEST_MESSAGE = 10_000  # characters


def cases(default: int, soak: int) -> pytest.MarkDecorator:
    """So many cases in all tests, and so many in those that take minutes."""
    return pytest.mark.parametrize("cases", [default, pytest.param(soak, marks=pytest.mark.soak)])


def fuzz(cases: int, *strategies: st.SearchStrategy[Any]) -> Callable[[Check], None]:
    """Do a check on that many cases, each of which has to be done soon."""
    return lambda check: settings(max_examples=cases, deadline=timedelta(seconds=20))(given(*strategies)(check))()


# Programs -------------------------------------------------------------------------------------------------------------


@cases(300, 25_000)
def test_any_program_text_is_a_program_or_refused(cases: int) -> None:
    words = (b"def ", b"Setup():\n", b"Learn", b"s1", b"v63", b"m64", b" = ", b"dot(", b"n_features", b"axis=", b"\r\n")

    @fuzz(cases, programs(max_size=2), edits(words))
    def _(program: Any, changes: Any) -> None:
        text = damaged(to_text(program).encode(), changes).decode(errors="replace")
        with suppress(ProgramError):
            assert from_text(to_text(from_text(text))) == from_text(text)


# Configs --------------------------------------------------------------------------------------------------------------

WORDS = (
    b"[islands]\n",
    b"[[islands.groups]]\n",
    b"initial",
    b".count",
    b"[1, 2, 3]",
    b"{insert = 1}",
    b'"""',
    b"1.5\n",
)


def config_or_none(name: str, overrides: tuple[str, ...] = ()) -> Config | None:
    try:
        return load_config(name, overrides)
    except ConfigError as error:
        return check_short(error)


def check_short(error: Exception) -> None:
    assert len(str(error)) < LONGEST_MESSAGE


@cases(150, 20_000)
def test_any_config_file_is_a_config_that_can_be_written_or_refused(cases: int, tmp_path: Path) -> None:
    whole, path = mixed_config("linear").to_toml().encode(), tmp_path / "config.toml"

    @fuzz(cases, edits(WORDS))
    def _(changes: Any) -> None:
        path.write_bytes(damaged(whole, changes))
        if config := config_or_none(str(path)):
            path.write_bytes(config.to_toml().encode())
            assert load_config(str(path)) == config


@cases(150, 20_000)
def test_any_override_is_a_setting_that_can_be_written_or_refused(cases: int) -> None:
    keys = sorted(_keys(small_config().model_dump(), ""))

    @fuzz(cases, st.sampled_from(keys), edits(WORDS, most=1) | st.just([]), edits((b"1", b"0.5", b"x"), most=2))
    def _(key: str, of_key: Any, of_value: Any) -> None:
        content = damaged(key.encode(), of_key) + b"=" + damaged(b"", of_value)
        if config := config_or_none("linear", (content.decode(errors="surrogateescape"),)):
            config.to_toml().encode()


def _keys(values: dict[str, Any], prefix: str) -> list[str]:
    inner = ((f"{prefix}{key}", value) for key, value in values.items())
    return [name for key, value in inner for name in (_keys(value, f"{key}.") if isinstance(value, dict) else [key])]


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 100_000 + " = 1",
        ("a" + ".a" * 200 + " = 1\n") * 2000,
        "seed = 0x" + "f" * 1_000_000,
        "seed = " + "9" * 5000,
        "name = " + "[" * 100_000,
        "stop = " + "{a=" * 100_000,
        "# " + "x" * 10_000_000,
        "[islands]\ncount = 100000\n" + "[[islands.groups]]\n" * 100 + "wrong = 1\n" * 2,
        "[program]\nsetup_ops = [" + "0x" + "f" * 10_000 + "]",
    ],
    ids=lambda text: text[:20],
)
def test_a_monstrous_config_is_refused_in_a_few_words(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(text)
    assert config_or_none(str(tmp_path / "config.toml")) is None


@pytest.mark.parametrize("name", ["a" * 5000, "a\0b", "\udcff", "/" * 5000, "", "."])
def test_what_is_no_name_of_a_file_is_no_config(name: str) -> None:
    assert config_or_none(name) is None


# Checkpoints ----------------------------------------------------------------------------------------------------------


def tiny() -> Config:
    """A search whose state is a few kilobytes."""
    search, evaluation = {"population_size": 4, "tournament_size": 2}, {"cache_size": 8, "forget_after": 2}
    islands = {"count": 2, "epoch_programs": 20, "migrants": 1}
    mutation = {"graph_share": 0.5, "max_attempts": 20}
    return small_config(
        search=search, evaluation=evaluation, islands=islands, mutation=mutation, baselines={"names": []}
    )


@cache
def tiny_snapshot() -> Snapshot:
    run = Run(tiny())
    for _ in range(20):  # so that there is a lineage
        run.pool.active[0].archipelago.run_epoch()
    return run.snapshot()


@cache
def tiny_search() -> Experiment:
    return Experiment(tiny(), 0, None)


def body_of(snapshot: Snapshot, folder: Path) -> bytes:
    write_checkpoint(folder / "whole", Checkpoint(origin_of(tiny(), ("one", "two")), snapshot))
    return (folder / "whole").read_bytes().split(b"\n", 2)[2]


def use(path: Path) -> None:
    """Read a checkpoint, and go on from it, if it is one."""
    try:
        found = read_checkpoint(path)
        config_changes(found.origin, tiny())
        go_on(found.snapshot)
    except (CheckpointError, StoreError) as error:
        check_short(error)


def go_on(snapshot: Snapshot) -> None:
    """Search on from a state: compiled code would end the process if it read elsewhere."""
    search = tiny_search()
    search.restore(snapshot.state.experiments[0], snapshot.arrays)
    search.archipelago.run_epoch()
    for members in search.archipelago.islands.fittest(3, range(2)):
        for member in members:
            search.archipelago.lineage.ancestry(member.ancestor)


@cases(150, 15_000)
def test_a_checkpoint_that_was_damaged_on_its_way_is_refused(cases: int, tmp_path: Path) -> None:
    body_of(tiny_snapshot(), tmp_path)
    whole, path = (tmp_path / "whole").read_bytes(), tmp_path / "damaged"

    @fuzz(cases, edits((b"\n", b"automl-zero checkpoint 1\n")))
    def _(changes: Any) -> None:
        path.write_bytes(damaged(whole, changes))
        if path.read_bytes() != whole:
            with pytest.raises(CheckpointError):
                read_checkpoint(path)


@cases(150, 15_000)
def test_a_checkpoint_that_another_user_signed_is_used_or_refused(cases: int, tmp_path: Path) -> None:
    small = replace(tiny_snapshot(), arrays={"a": np.arange(6.0).reshape(2, 3)})
    body, path = body_of(small, tmp_path), tmp_path / "forged"
    words = (
        b"'|O'",
        b"'<f8'",
        b"(1 << 40,)",
        b"(-1,)",
        b"PK\x01\x02",
        b"PK\x05\x06",
        b"\xff\xff\xff\xff",
        b"'''",
        b"1L",
    )

    @fuzz(cases, edits(words))
    def _(changes: Any) -> None:
        path.write_bytes(signed(damaged(body, changes)))
        use(path)


@cases(150, 15_000)
def test_a_state_that_another_user_made_is_continued_or_refused(cases: int) -> None:
    whole = tiny_snapshot()
    names = sorted(whole.arrays)
    assert all(whole.arrays[name].size for name in names)

    @fuzz(cases, st.sampled_from(names), st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8))
    def _(name: str, place: int, filling: bytes) -> None:
        content = bytearray(whole.arrays[name].tobytes())
        start = place % len(content)
        content[start : start + len(filling)] = filling[: len(content) - start]
        array = np.frombuffer(bytes(content), whole.arrays[name].dtype).reshape(whole.arrays[name].shape)
        with suppress(StoreError):
            go_on(replace(whole, arrays={**whole.arrays, name: array}))


@cases(100, 10_000)
def test_a_header_of_an_array_that_another_user_wrote_is_read_or_refused(cases: int, tmp_path: Path) -> None:
    whole, path = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", tmp_path / "forged"
    words = (b"'|O'", b"'|V0'", b"U9999", b"(1099511627776,)", b"(-1,)", b"'''", b"1L", b"__import__('os')", b"(" * 300)

    @fuzz(cases, edits(words))
    def _(changes: Any) -> None:
        header = damaged(whole, changes)[:60_000]
        path.write_bytes(signed(archive({"header.npy": npy(header, b"x" * 48)})))
        use(path)


BOMB = b"\0" * (80 << 20)
MEMBERS = {
    "a shape beyond all memory": npy_of("'<f8'", "(1099511627776,)"),
    "a shape that is larger than the file": npy_of("'<f8'", "(100000000,)", b"x" * 64),
    "a shape whose product overflows": npy_of("'<f8'", "(4294967296, 4294967296)"),
    "a negative shape": npy_of("'<f8'", "(-1,)", b"x" * 64),
    "endless elements of no size": npy_of("'|V0'", "(1099511627776,)"),
    "one element that is too large": npy_of("'|V2147483647'", "(1,)"),
    "objects": npy_of("'|O'", "(1,)", b"cos\nsystem\n(S'touch /tmp/owned'\ntR."),
    "an expression": npy(b"__import__('os').system('false')"),
    "a header without an end": npy(b"{'descr': '''"),
    "a header that is nested deeply": npy(b"(" * 9000 + b")" * 9000),
    "numbers of an old Python": npy_of("'<f8'", "(1L,)", b"x" * 8),
    "no array": b"text",
    "nothing": b"",
}


@pytest.mark.parametrize("name", MEMBERS)
def test_an_array_that_is_none_is_refused_without_taking_memory(name: str, tmp_path: Path) -> None:
    (tmp_path / "forged").write_bytes(signed(archive({"header.npy": MEMBERS[name]})))
    check_refused_in_little_memory(tmp_path / "forged")


@pytest.mark.parametrize("compression", [ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA])
def test_an_array_that_was_packed_to_fill_the_memory_is_refused(compression: int, tmp_path: Path) -> None:
    packed = archive({"header.npy": npy_of("'|u1'", f"({len(BOMB)},)", BOMB)}, compression)
    assert len(packed) < len(BOMB) / 500
    (tmp_path / "forged").write_bytes(signed(packed))
    check_refused_in_little_memory(tmp_path / "forged")


def check_refused_in_little_memory(path: Path) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match="cannot be read"):
            read_checkpoint(path)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


# Events ---------------------------------------------------------------------------------------------------------------


def show(folder: Path) -> None:
    """All that the commands make of a run folder."""
    stored = read_run(folder)
    check_resumable(stored, stored.config)
    progress = Progress(stored.config)
    for event in stored.events:
        progress.update(event)
        draw(progress, 40, 1.0)
    report(progress, folder)
    to_json(summary(progress, folder))


@cases(200, 20_000)
def test_any_file_of_events_is_shown_or_refused(cases: int, tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", small_config()).path
    kinds = {event.event: to_line(event).encode() for event in Run(small_config(), is_measured=True).iter_events()}
    lines = [line for kind, line in kinds.items() if kind not in ("final", "stop")]
    words = (b'"seconds":', b'"programs":-1', b'{"event":"stop"', b'"experiment":9223372036854775808', *kinds.values())

    @fuzz(cases, st.sampled_from([*lines, kinds["final"], kinds["stop"]]), edits(words, most=2))
    def _(line: bytes, changes: Any) -> None:
        (folder / "events.jsonl").write_bytes(b"\n".join([*lines, damaged(line, changes), b""]))
        with suppress(StoreError, ProgramError):
            show(folder)
