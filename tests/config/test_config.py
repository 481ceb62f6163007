"""Configs: what they can express, and the messages about what they cannot."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.data.stand_in import stand_in
from support.data.table_file import with_data
from support.runs.small_config import VALUES, small_config

from automl_zero.config import Config, ConfigError, Mutation, load_config, parse_config, preset_names
from automl_zero.run.initial_programs import initial_programs
from automl_zero.run.record.limits import check_ends
from automl_zero.run.table_config import fit_to_table
from automl_zero.search.space import build_space
from automl_zero.tasks import image_tasks
from automl_zero.tasks.task_kinds import Stage, build_tasks

presets = pytest.mark.parametrize("name", preset_names())


def written(folder: Path, text: str) -> str:
    path = folder / "config.toml"
    path.write_text(text)
    return str(path)


@presets
def test_every_preset_loads_under_its_own_name_with_a_description(name: str) -> None:
    config = load_config(name)
    assert config.name == name
    assert 10 < len(config.description) < 100


@presets
def test_every_preset_can_be_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_tasks, "load_dataset", stand_in)
    config = fit_to_table(load_config(name, with_data(name)))
    check_ends(config)
    build_space(config)
    initial_programs(config)
    for stage in Stage:
        build_tasks(config.tasks, stage, config.seed)


@presets
def test_every_preset_survives_being_written_and_read(name: str, tmp_path: Path) -> None:
    config = load_config(name)
    assert load_config(written(tmp_path, config.to_toml())) == config


@given(
    seed=st.integers(0, 2**63 - 1),
    name=st.text(st.characters(exclude_categories=("Cc", "Cs"))),
    sizes=st.tuples(*[st.integers(0, 99)] * 3),
    prob=st.floats(0, 1),
    weights=st.dictionaries(st.sampled_from(Mutation), st.floats(0.1, 10)),
    max_seconds=st.none() | st.floats(1e-3, 1e6),
    max_experiments=st.none() | st.integers(1, 99),
    every_seconds=st.none() | st.floats(1e-3, 1e6),
    migrants=st.integers(0, 20),
)
def test_any_config_survives_being_written_and_read(
    seed: int,
    name: str,
    sizes: tuple[int, int, int],
    prob: float,
    weights: Any,
    max_seconds: Any,
    max_experiments: Any,
    every_seconds: Any,
    migrants: int,
) -> None:
    config = parse_config(
        {
            **VALUES,
            "seed": seed,
            "name": name,
            "program": {"max_sizes": sizes},
            "mutation": {"prob": prob, "weights": weights},
            "stop": {"max_seconds": max_seconds, "max_experiments": max_experiments},
            "checkpoint": {"every_seconds": every_seconds},
            "islands": {"migrants": migrants},
        }
    )
    assert parse_config(tomllib.loads(config.to_toml())) == config


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().seed = 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("num_features = 8", "unknown key num_features = 8: known keys are name, "),
        ("[tasks]\nnum_featurs = 8", "unknown key tasks.num_featurs = 8: did you mean num_features?"),
        ("[tasks.search]\nnum_task = 8", "unknown key tasks.search.num_task = 8: did you mean num_tasks?"),
        ("[taks]\nkind = 'linear'", "unknown key taks = .*: did you mean tasks?"),
        ("seed = -1", "seed = -1: input should be greater than or equal to 0"),
        ("seed = 1.5", "seed = 1.5: "),
        ("dtype = 'float16'", "dtype = 'float16': input should be 'float32' or 'float64'"),
        ("[memory]\nscalars = 1", "memory.scalars = 1: input should be greater than or equal to 2"),
        ("[memory]\nvectors = 65", "memory.vectors = 65: input should be less than or equal to 64"),
        ("[memory]\nscalars = 'many'", "memory.scalars = 'many': input should be a valid integer"),
        ("[program]\nmax_sizes = [1, 2]", "program.max_sizes"),
        (
            "[program]\nmin_sizes = [9, 0, 0]\nmax_sizes = [3, 9, 9]",
            "the smallest size of setup, 9, is above the largest, 3",
        ),
        ("[mutation]\nprob = 1.1", "mutation.prob = 1.1: input should be less than or equal to 1"),
        ("[mutation]\nprob = nan", "mutation.prob = nan: input should be a finite number"),
        ("[mutation]\ntable = 'mine'", "mutation.table = 'mine': input should be 'paper' or 'released'"),
        ("[mutation.weights]\nswap = 1", "mutation.weights.swap"),
        ("[mutation.weights]\ninsert = 0", "mutation: at least one mutation needs a weight above 0"),
        ("[search]\npopulation_size = 1", "search.population_size = 1: input should be greater than or equal to 2"),
        ("[evaluation]\ncombination = 'max'", "evaluation.combination = 'max': input should be 'mean' or 'median'"),
        ("[evaluation]\nmax_abs_error = 0", "evaluation.max_abs_error = 0: input should be greater than 0"),
        (
            "[evaluation]\nevaluations = 5",
            "evaluations = 5 needs forget_after above 0, .*use forget_after = 100, or evaluations = 1",
        ),
        ("[tasks]\nkind = 'cubic'", "tasks.kind = 'cubic': input should be 'linear', "),
        (
            "[tasks]\nkind = 'linear'\nnum_classes = 3",
            "num_classes = 3 needs kind 'image-groups' or 'table', not 'linear'",
        ),
        (
            "[tasks]\nnum_classes = 5\nnum_features = 4",
            "num_features = 4 is too small for num_classes = 5: .*use at least 5 features or fewer classes",
        ),
        (
            "[tasks]\nkind = 'image-groups'\nscale_spread = 0.5",
            "scale_spread = 0.5 needs a kind with a teacher .linear, .*not 'image-groups': leave it at 0",
        ),
        ("[islands]\ncount = 0", "islands.count = 0: input should be greater than or equal to 1"),
        (
            "[islands]\nmigrants = 50\n[search]\npopulation_size = 20",
            "islands.migrants = 50 is above search.population_size = 20, .*use at most 20 migrants",
        ),
        ("[mutation]\nmax_attempts = 0", "mutation.max_attempts = 0: input should be greater than or equal to 1"),
        ("[mutation]\nneutral_share = 2", "mutation.neutral_share = 2: input should be less than or equal to 1"),
        (
            "[mutation]\ngraph_share = 0.5\n[program]\nmin_sizes = [0, 1, 0]",
            r"program.min_sizes = \[0, 1, 0\] may ask for .*use \[0, 0, 0\], or mutation.graph_share = 0",
        ),
        (
            "[mutation]\ngraph_share = 0.5\n[program]\nlearn_ops = []",
            "program.learn_ops is empty, .*give it ops, or use mutation.graph_share = 0",
        ),
        ("[search]\nmethod = 'mgg'", "search.method = 'mgg': input should be 'regularized-evolution', "),
        ("[search]\nchildren = 0", "search.children = 0: input should be greater than or equal to 1"),
        ("[search]\nrarity = 1.5", "search.rarity = 1.5: input should be less than or equal to 1"),
        ("[stop]\ntarget_fitness = 2", "stop.target_fitness = 2: input should be less than or equal to 1"),
        ("[experiment]\npatience = 0", "experiment.patience = 0: input should be greater than or equal to 1"),
        ("tasks = 3", "tasks = 3: "),
        ("tasks", "config.toml is not valid TOML: "),
    ],
)
def test_a_fault_is_reported_with_its_key_its_value_and_what_is_possible(
    text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(written(tmp_path, text))


def test_families_and_graphs_ask_for_nothing_where_they_are_not_used() -> None:
    assert small_config(search={"children": 40}).search.children == 40
    assert small_config(program={"min_sizes": [1, 1, 1], "setup_ops": []}).program.min_sizes == (1, 1, 1)
    assert small_config(search={"method": "minimal-generation-gap", "children": 25}).islands.epoch_programs == 50
    assert small_config(mutation={"graph_share": 1}).mutation.graph_share == 1


def test_no_migrants_and_all_members_are_possible_numbers_of_migrants() -> None:
    assert small_config(islands={"migrants": 0}).islands.migrants == 0
    assert small_config(islands={"migrants": 20}).islands.migrants == 20


@pytest.mark.parametrize("text", ["\x1b[2J", "a\x07", "caf\udce9", "\x9b2J"])
def test_text_that_commands_a_terminal_or_cannot_be_written_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"name = '.*' is not plain text: leave out what cannot be printed"):
        parse_config({"name": text})
    with pytest.raises(ConfigError, match=r"tasks\.table: path = '.*' is not plain text"):
        parse_config({"tasks": {"table": {"path": text}}})


def test_text_of_other_tongues_and_of_several_lines_is_kept() -> None:
    config = parse_config({"name": "Fraktur 東京", "description": "one\n\ttwo"})
    assert (config.name, config.description) == ("Fraktur 東京", "one\n\ttwo")


def test_what_could_not_be_read_back_is_refused() -> None:
    config = parse_config({"description": ".\n" * 300})
    assert parse_config(tomllib.loads(config.to_toml())) == config
    with pytest.raises(ConfigError, match=r"description = '.* has more than 300 dots: use fewer"):
        parse_config({"description": ".\n" * 301})
