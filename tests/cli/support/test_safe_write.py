"""What commands write is new: all of them refuse in the same words, before the work."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl_zero.cli.support.safe_write import PICTURES, check_free, check_new_file, write_new
from automl_zero.config import ConfigError

TAKEN = "exists and is not overwritten: choose another name or delete it"


@pytest.mark.parametrize("kind", ["file", "folder", "link to nothing"])
def test_whatever_has_the_name_is_in_the_way(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "there.png"
    {"file": path.touch, "folder": path.mkdir, "link to nothing": lambda: path.symlink_to("nowhere")}[kind]()
    for check in (check_free, check_new_file):
        with pytest.raises(ConfigError, match=f"there.png {TAKEN}"):
            check(path)


def test_what_is_free_may_be_written(tmp_path: Path) -> None:
    check_free(tmp_path / "a", tmp_path / "folder" / "b")
    check_new_file(tmp_path / "a.svg", PICTURES)
    check_new_file(None, PICTURES)
    write_new(tmp_path / "a", "text")
    with pytest.raises(OSError, match="exists"):
        write_new(tmp_path / "a", "other")
    assert (tmp_path / "a").read_text() == "text"


@pytest.mark.parametrize(
    ("name", "message"), [("no/a.png", "there is no folder .*no: make it first"), ("a.jpg", "end in .png or .svg")]
)
def test_other_faults_are_reported_before_the_work_too(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        check_new_file(tmp_path / name, PICTURES)
