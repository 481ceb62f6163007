"""Groups of islands in a config: what a group may set, what follows for an island, and messages about faults."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.runs.small_config import MIXED, small_config

from automl_zero.config import (
    ConfigError,
    IslandGroup,
    Mutation,
    MutationConfig,
    ProgramConfig,
    TasksConfig,
    load_config,
    parse_config,
)

GROUPS: list[dict[str, Any]] = [
    {},
    {
        "tasks": {
            "kind": "affine",
            "projection": "none",
            "num_features": 8,
            "search": {"num_train": 800},
            "table": {"target": "y"},
        },
        "program": {"setup_ops": ["scalar_sum", 2]},
        "mutation": {"prob": 0.5, "weights": {"insert": 1}},
    },
    {"tasks": {"num_epochs": 2}},
]


SHARED = "all islands share it, and keys that may differ are"


def written(folder: Path, text: str) -> str:
    path = folder / "config.toml"
    path.write_text(text)
    return str(path)


def test_an_island_has_the_runs_settings_changed_as_its_group_says() -> None:
    mutation = {"table": "released", "weights": {"remove": 2}}
    config = small_config(3, mutation=mutation, islands={"groups": GROUPS}, tasks={"table": {"path": "x.csv"}})
    own, second, third = (config.of_island(number) for number in range(3))
    assert own == config.model_copy(update={"islands": config.islands.model_copy(update={"groups": ()})})
    assert second.tasks == TasksConfig(
        kind="affine",
        projection="none",
        num_features=8,
        table={"path": "x.csv", "target": "y"},
        search={"num_tasks": 10, "num_train": 800, "num_valid": 10},
        select=config.tasks.select,
        final=config.tasks.final,
    )
    assert second.program == ProgramConfig(**{**dict(config.program), "setup_ops": ("scalar_sum", 2)})
    assert second.mutation == MutationConfig(prob=0.5, table="released", weights={Mutation.INSERT: 1.0})
    assert third.tasks == TasksConfig(**{**dict(config.tasks), "num_epochs": 2})
    for name in ("seed", "memory", "search", "evaluation", "stop"):
        assert getattr(second, name) == getattr(config, name)
    assert second.islands == own.islands


def test_islands_belong_to_the_groups_in_turn() -> None:
    config = small_config(islands={"count": 8, "groups": GROUPS})
    assert [config.of_island(number) == config.of_island(number % 3) for number in range(8)] == [True] * 8
    assert len({config.of_island(number).tasks for number in range(8)}) == 3


def test_without_groups_every_island_has_the_runs_settings() -> None:
    assert small_config().of_island(2) == small_config()


def test_a_key_of_tasks_or_mutations_may_differ_unless_programs_are_compared_by_it() -> None:
    keys = {name: set(_part(name).model_fields) for name in IslandGroup.model_fields}
    assert keys == {
        "tasks": set(TasksConfig.model_fields) - {"num_classes", "select", "final"},
        "program": {"setup_ops", "predict_ops", "learn_ops"},
        "mutation": set(MutationConfig.model_fields),
    }


def _part(name: str) -> Any:
    return type(getattr(IslandGroup.model_validate({name: {}}), name))


@pytest.mark.parametrize("groups", [GROUPS, *MIXED.values(), [{}], [{"tasks": {"search": {}}}]], ids=str)
def test_groups_survive_being_written_and_read(groups: list[dict[str, Any]]) -> None:
    config = small_config(islands={"groups": groups})
    again = parse_config(tomllib.loads(config.to_toml()))
    assert again == config
    assert hash(again.islands) == hash(config.islands)


def test_groups_are_distinguished_and_cannot_be_changed() -> None:
    one, other = (IslandGroup.model_validate(each) for each in ({}, {"tasks": {"num_features": 16}}))
    assert one != other
    assert len({one, other, IslandGroup()}) == 2
    with pytest.raises(ValueError, match="frozen"):
        one.tasks = None


def test_an_override_of_the_run_reaches_the_groups_that_do_not_say_otherwise(tmp_path: Path) -> None:
    path = written(tmp_path, small_config(islands={"groups": GROUPS}).to_toml())
    config = load_config(path, ["tasks.num_features=5", "tasks.search.num_valid=7", "islands.count=6"])
    assert [config.of_island(number).tasks.num_features for number in range(4)] == [5, 8, 5, 5]
    assert [config.of_island(number).tasks.search.num_valid for number in range(3)] == [7, 7, 7]


def test_groups_may_be_given_by_an_override(tmp_path: Path) -> None:
    path = written(tmp_path, small_config().to_toml())
    config = load_config(path, ["islands.groups=[{}, { tasks = { num_features = 9 } }]"])
    assert [config.of_island(number).tasks.num_features for number in range(3)] == [4, 9, 4]


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ("tasks = { num_featurs = 8 }", "tasks.num_featurs = 8: did you mean num_features?"),
        ("tasks = { search = { num_task = 1 } }", "tasks.search.num_task = 1: did you mean num_tasks?"),
        ("tasks = { table = { pth = 'x' } }", "tasks.table.pth = 'x': did you mean path?"),
        ("task = {}", "task = {}: did you mean tasks?"),
        ("memory = {}", f"memory = {{}}: {SHARED} tasks, program, mutation"),
        ("tasks = { num_classes = 3 }", f"tasks.num_classes = 3: {SHARED} kind, dataset, "),
        ("tasks = { final = {} }", f"tasks.final = {{}}: {SHARED} kind, dataset, "),
        ("program = { initial = 'x' }", f"program.initial = 'x': {SHARED} setup_ops, predict_ops, learn_ops"),
    ],
)
def test_a_key_that_a_group_cannot_have_is_reported_with_those_it_can(group: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"unknown key islands.groups.1.{message}")):
        load_config(written(tmp_path, f"islands.groups = [{{}}, {{ {group} }}]"))


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ("tasks = { num_features = 0 }", "tasks.num_features = 0: input should be greater than or equal to 1"),
        ("tasks = { search = { num_train = 0 } }", "tasks.search.num_train = 0: input should be greater than"),
        ("mutation = { prob = 2 }", "mutation.prob = 2: input should be less than or equal to 1"),
        ("mutation = { weights = { insert = 0 } }", "mutation: at least one mutation needs a weight above 0"),
        ("tasks = { num_features = 2 }", "tasks: num_features = 2 is too small for num_classes = 3: "),
        ("tasks = { kind = 'linear' }", "tasks: num_classes = 3 needs kind 'image-groups' or 'table', not 'linear'"),
    ],
)
def test_a_value_that_a_group_cannot_have_is_reported_with_the_group(group: str, message: str, tmp_path: Path) -> None:
    """Some values are impossible everywhere, some only together with the settings of the run."""
    with pytest.raises(ConfigError, match=f"^{re.escape(f'islands.groups.1.{message}')}"):
        load_config(written(tmp_path, f"tasks.num_classes = 3\nislands.groups = [{{}}, {{ {group} }}]"))


def test_every_group_needs_an_island() -> None:
    message = "5 groups are more than count = 4, .*use at least 5 islands, or at most 4 groups"
    with pytest.raises(ConfigError, match=message):
        small_config(islands={"count": 4, "groups": [{}] * 5})
    assert len(small_config(islands={"count": 5, "groups": [{}] * 5}).islands.groups) == 5


def test_faults_of_all_groups_are_reported_at_once() -> None:
    groups = [{"tasks": {"num_features": 2}}, {}, {"tasks": {"num_features": 1}}]
    with pytest.raises(ConfigError) as error:
        parse_config({"tasks": {"num_classes": 3}, "islands": {"groups": groups}})
    assert [line.split(":")[0] for line in str(error.value).splitlines()] == [
        "islands.groups.0.tasks",
        "islands.groups.2.tasks",
    ]
