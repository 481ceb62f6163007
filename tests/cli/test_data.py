"""The commands ``data``: what they print, and that their errors are those of all commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.data.tiny_images import PACKAGE, official_files, tiny, tiny_arrays, write_program
from typer.testing import CliRunner, Result

from automl_zero.cli import main


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["data", *map(str, arguments)])


def refused(*arguments: object) -> str:
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the tiny data set, the only one there is, and the fake program that gets it."""
    monkeypatch.setenv("AUTOML_ZERO_DATA_DIR", str(tmp_path / "data"))
    for module in ("datasets", "dataset_info", "sources"):
        monkeypatch.setattr(f"automl_zero.tasks.datasets.{module}.KNOWN", {"tiny": tiny()})
    write_program(tmp_path / "programs", "npm", PACKAGE)
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    return tmp_path / "data" / "tiny"


@pytest.mark.parametrize("command", ["list", "get", "info"])
def test_every_command_has_help(command: str) -> None:
    assert command in invoke("--help").stdout
    assert "Usage: " in invoke(command, "--help").stdout


def test_the_list_shows_what_is_here_and_where_from(place: Path) -> None:
    assert [row["state"] for row in json.loads(invoke("list", "--json").stdout)] == ["bundled", "not here"]
    invoke("get", "tiny")
    rows = json.loads(invoke("list", "--json").stdout)
    size = sum(path.stat().st_size for path in place.iterdir())
    assert rows[1] == {
        "name": "tiny",
        "train": 6,
        "test": 4,
        "classes": 2,
        "shape": "4x3x1",
        "bytes": size,
        "state": "from npm package tiny-images@1.0",
        "description": "ten images of noise",
    }
    header, *lines = invoke("list").stdout.splitlines()
    assert header.split() == ["name", "train", "test", "classes", "shape", "size", "state", "description"]
    assert [line.split()[0] for line in lines] == ["digits", "tiny"]


def test_get_prints_where_the_data_set_is_and_whether_it_was_here(place: Path) -> None:
    row = {"name": "tiny", "state": "new", "path": str(place), "from": "npm package tiny-images@1.0"}
    assert json.loads(invoke("get", "tiny", "--json").stdout) == [row]
    assert json.loads(invoke("get", "tiny", "--json").stdout) == [row | {"state": "was here"}]
    assert json.loads(invoke("get", "tiny", "--json", "--force").stdout) == [row]
    header, line = invoke("get", "tiny").stdout.splitlines()
    assert header.split() == ["name", "state", "path", "from"]
    assert line == f"tiny  was here  {place}  npm package tiny-images@1.0"


def test_get_takes_files(tmp_path: Path) -> None:
    options = []
    for name, content in official_files().items():
        (tmp_path / name).write_bytes(content)
        options += ["--from", tmp_path / name]
    (row,) = json.loads(invoke("get", "tiny", *options, "--json").stdout)
    assert row["from"] == tiny().official.place


def test_info_prints_all_facts(place: Path) -> None:
    invoke("get", "tiny")
    facts = json.loads(invoke("info", "tiny", "--json").stdout)
    text = invoke("info", "tiny").stdout
    assert facts["path"] == str(place)
    assert [each["title"] for each in facts["sources"]] == [tiny().official.title, tiny().package.title]
    for fact in (facts["path"], facts["sha256"], facts["licence"], f"{facts['channel_means'][0]:.3f}"):
        assert fact in text
    assert text.endswith("class  train  test\neven   3      2\nodd    3      2\n")


def test_info_takes_the_bundled_data_set_and_a_file(tmp_path: Path) -> None:
    assert json.loads(invoke("info", "digits", "--json").stdout)["train_images"] == 1438
    np.savez(tmp_path / "own.npz", **tiny_arrays()._asdict())
    assert json.loads(invoke("info", tmp_path / "own.npz", "--json").stdout)["sha256"] == tiny().sha256


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("info", "tiny"), "data set 'tiny' is not on this machine yet: download it with 'automl-zero data get tiny'"),
        (("info", "nonsense"), "no data set 'nonsense': there are digits, tiny"),
        (("get", "nonsense"), "no data set 'nonsense': there are digits, tiny"),
        (("get", "tiny", "nonsense"), "no data set 'nonsense': there are digits, tiny"),
        (("get", "digits"), "data set 'digits' is bundled: there is nothing to download"),
        (("get", "tiny", "--from", "none"), "none cannot be read (No such file or directory)"),
        (("get", "tiny", "--source", "official"), "data set 'tiny' cannot be downloaded from http://127.0.0.1:9/"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_error_is_one_message(arguments: tuple[str, ...], message: str, place: Path) -> None:
    assert message in refused(*arguments)
    assert not place.exists()


def test_files_are_of_one_data_set() -> None:
    result = invoke("get", "tiny", "tiny", "--from", "file")
    assert result.exit_code == 2
    assert "give one NAME" in result.stderr
