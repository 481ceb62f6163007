"""The search space of a config: what it allows, and what it refuses with a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.runs.small_config import small_config

from automl_zero.config import ConfigError, Mutation, parse_config
from automl_zero.program.ops import BY_NAME, OPS
from automl_zero.search.space import Space, build_space

PAPER = {"insert": 1 / 9, "remove": 2 / 9, "randomize_component": 1 / 3, "alter_parameter": 1 / 3}
RELEASED = {"insert": 1 / 4, "remove": 1 / 4, "randomize_component": 1 / 4, "alter_parameter": 1 / 4}
MANY_CLASSES = {"kind": "image-groups", "num_classes": 3}


def odds(space: Space) -> dict[str, float]:
    """The weight of each kind of mutation, if it has any."""
    weights = np.diff(space.mutation_cdf, prepend=0)
    return {str(name): weight for name, weight in zip(Mutation, weights, strict=True) if weight}


def ops_of(space: Space, component: int) -> list[int]:
    return space.ops[component, : space.num_ops[component]].tolist()


@pytest.mark.parametrize(("table", "expected"), [("paper", PAPER), ("released", RELEASED)])
def test_a_table_decides_the_weights(table: str, expected: dict[str, float]) -> None:
    space = build_space(small_config(mutation={"table": table}))
    assert odds(space) == pytest.approx(expected)
    assert space.rescales.tolist() == [table == "paper"]


def test_weights_replace_those_of_the_table() -> None:
    space = build_space(small_config(mutation={"weights": {"trade": 3, "identity": 1}}))
    assert odds(space) == pytest.approx({"trade": 0.75, "identity": 0.25})


def test_the_last_odds_are_one_so_that_every_draw_has_a_kind() -> None:
    weights = {str(kind): 0.1 for kind in Mutation}
    assert build_space(small_config(mutation={"weights": weights})).mutation_cdf[-1] == 1.0


def test_ops_are_known_by_name_and_by_number() -> None:
    space = build_space(small_config(program={"setup_ops": ["scalar_sum", 2, 2, "scalar_diff"]}))
    assert ops_of(space, 0) == [1, 2]


def test_by_default_setup_draws_constants_and_the_others_compute() -> None:
    space = build_space(parse_config({}))
    assert ops_of(space, 0) == list(range(56, 65))
    assert ops_of(space, 1) == ops_of(space, 2) == [*range(56), 60, 61]


def test_functions_without_ops_are_closed() -> None:
    assert build_space(small_config(program={"predict_ops": []})).components.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("tasks", "expected"), [({}, [1, 1, 0]), ({**MANY_CLASSES, "num_features": 4}, [1, 2, 0])], ids=["scalar", "multi"]
)
def test_labels_and_features_are_no_outputs(tasks: dict[str, Any], expected: list[int]) -> None:
    space = build_space(small_config(tasks=tasks))
    assert space.first_output.tolist() == expected
    assert space.addresses.tolist() == [4, 3, 1]


@pytest.mark.parametrize("name", ["no_such_op", 65, -1, "1"])
def test_an_unknown_op_is_named(name: Any) -> None:
    remedy = f"use 0 to {len(OPS) - 1} or a name"
    with pytest.raises(ConfigError, match=rf"program\.learn_ops: unknown op '?{name}'?: {remedy}"):
        build_space(small_config(program={"learn_ops": [1, name]}))


@pytest.mark.parametrize(
    ("memory", "tasks", "ops", "message"),
    [
        ({"matrices": 0}, {}, ["matrix_sum"], "memory.matrices = 0 gives it no address: use at least 1"),
        ({"matrices": 0}, {}, ["matrix_mean"], "memory.matrices = 0 gives it no address: use at least 1"),
        ({"vectors": 1}, {}, ["vector_abs"], "memory.vectors = 1 gives it no address: use at least 2"),
        ({"vectors": 2}, MANY_CLASSES, ["vector_abs"], "memory.vectors = 2 gives it no address: use at least 3"),
    ],
)
def test_an_op_without_an_address_is_refused(
    memory: dict[str, int], tasks: dict[str, Any], ops: list[str], message: str
) -> None:
    features = {"num_features": 4}
    with pytest.raises(ConfigError, match=rf"program\.setup_ops has {ops[0]}, but {message}"):
        build_space(small_config(memory=memory, tasks={**tasks, **features}, program={"setup_ops": ops}))


def test_the_features_alone_are_enough_where_no_vector_is_written() -> None:
    quiet = {"predict_ops": ["vector_norm"], "setup_ops": ["scalar_const_set"], "learn_ops": ["scalar_sum"]}
    space = build_space(small_config(memory={"vectors": 1}, program=quiet))
    assert ops_of(space, 1) == [BY_NAME["vector_norm"].number]


def test_a_space_needs_an_op() -> None:
    with pytest.raises(ConfigError, match="are all empty: at least one needs an op"):
        build_space(small_config(program={"setup_ops": [], "predict_ops": [], "learn_ops": []}))
