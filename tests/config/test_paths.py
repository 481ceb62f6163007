from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from automl_zero.config import load_config, override, preset_names
from automl_zero.config.paths import files_in, make_absolute
from automl_zero.program.library import LIBRARY
from automl_zero.tasks.datasets.datasets import dataset_names

PLACES = ("tasks.table.path", "tasks.dataset", "program.initial")
NAMES = [
    *(("program.initial", name) for name in ("empty", "random", *LIBRARY)),
    *(("tasks.dataset", name) for name in dataset_names()),
    *(("tasks.table.path", name) for name in ("", "sklearn:wine", "openml:credit-g@1")),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, next to one that holds a config file."""
    for name in ("here", "other"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def config_file(folder: Path, place: str, path: str) -> Path:
    section, _, key = place.rpartition(".")
    file = folder / "other" / "mine.toml"
    file.write_text(f'[{section}]\n{key} = "{path}"\n', encoding="utf-8")
    return file


def value(config: Any, place: str) -> Any:
    for name in place.split("."):
        config = getattr(config, name)
    return config


@pytest.mark.parametrize("place", PLACES)
def test_a_path_on_the_command_line_is_relative_to_the_working_folder(place: str, folder: Path) -> None:
    for where in ("here", "other"):
        (folder / where / "own.npz").touch()
    expected = str(folder / "here" / "own.npz")
    assert value(load_config("linear", [f"{place}=own.npz"]), place) == expected
    assert value(override(load_config("linear"), [f"{place}=own.npz"]), place) == expected


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("there", "expected"),
    [(("here", "other"), "other/own.npz"), (("other",), "other/own.npz"), (("here",), "here/own.npz")],
)
def test_a_path_in_a_file_is_relative_to_that_file(
    place: str, there: tuple[str, ...], expected: str, folder: Path
) -> None:
    for where in there:
        (folder / where / "own.npz").touch()
    assert value(load_config(str(config_file(folder, place, "own.npz"))), place) == str(folder / expected)
    assert value(load_config("../other/mine.toml"), place).endswith(expected)


@pytest.mark.parametrize("place", PLACES)
def test_a_path_of_a_group_of_islands_is_made_absolute_too(place: str, folder: Path) -> None:
    (folder / "here" / "own.npz").touch()
    *sections, key = place.split(".")
    group: dict[str, Any] = {key: "own.npz"}
    for section in reversed(sections):
        group = {section: group}
    values = {"islands": {"groups": [{}, group]}}
    make_absolute(values, Path())
    assert [section[key] for _, section, key in files_in(values)] == [str(folder / "here" / "own.npz")]


def test_each_path_of_a_list_of_initial_programs_is_made_absolute(folder: Path) -> None:
    (folder / "here" / "own.txt").touch()
    config = load_config("linear", ['program.initial=["own.txt", "linear_regression", "empty"]'])
    assert config.program.initial == (str(folder / "here" / "own.txt"), "linear_regression", "empty")


@pytest.mark.parametrize(("place", "name"), NAMES)
def test_names_stay_names_though_there_is_a_file_of_that_name(place: str, name: str, folder: Path) -> None:
    if name:
        (folder / "here" / name).touch()
    assert value(load_config("linear", [f"{place}={name}"]), place) == name


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("path", ["nowhere.npz", "a" * 5000 + ".npz"])
def test_what_is_not_there_is_left_to_those_who_look_for_it(place: str, path: str) -> None:
    assert value(load_config("linear", [f"{place}={path}"]), place) == path


def test_an_absolute_form_that_no_config_can_hold_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strange = folder / "strange\x1b"
    strange.mkdir()
    (strange / "own.npz").touch()
    monkeypatch.chdir(strange)
    assert load_config("linear", ["tasks.dataset=own.npz"]).tasks.dataset == "own.npz"


@pytest.mark.parametrize(
    "values",
    [{"tasks": 3}, {"tasks": {"table": []}}, {"islands": []}, {"islands": {"groups": 3}}, {"program": {"initial": 3}}],
    ids=str,
)
def test_what_is_no_config_is_left_to_those_who_check_it(values: dict[str, Any]) -> None:
    before = deepcopy(values)
    make_absolute(values, Path())
    assert values == before


@pytest.mark.parametrize("name", preset_names())
def test_presets_name_no_files(name: str) -> None:
    values = load_config(name).model_dump(mode="json")
    assert list(files_in(values)) == []


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a/" * 3000, "\0"])
def test_what_no_file_can_be_called_is_left_as_it_is(name: str) -> None:
    values = {"program": {"initial": name}, "tasks": {"table": {"path": name}, "dataset": f"{name}.npz"}}
    kept = deepcopy(values)
    make_absolute(values, Path())
    assert values == kept
