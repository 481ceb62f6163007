"""A run of a second: three islands that evolve linear regression from random programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from automl_zero.config import Config, parse_config

OPS = [
    "scalar_const_set",
    "scalar_diff",
    "scalar_product",
    "vector_inner_product",
    "scalar_vector_product",
    "vector_sum",
]
STAGE = {"num_tasks": 10, "num_train": 20, "num_valid": 10}

VALUES: dict[str, dict[str, Any]] = {
    "memory": {"scalars": 4, "vectors": 3, "matrices": 1},
    "program": {
        "setup_ops": OPS,
        "predict_ops": OPS,
        "learn_ops": OPS,
        "max_sizes": [4, 3, 6],
        "initial": "random",
    },
    "search": {"population_size": 20, "tournament_size": 5},
    "evaluation": {"cost_limit": 0, "cache_size": 1000},
    "tasks": {"kind": "linear", "num_features": 4, "search": STAGE, "select": STAGE, "final": STAGE},
    "islands": {"count": 3, "epoch_programs": 50, "migrants": 5},
    "stop": {"max_programs": 600},
}

# Islands that differ in tasks of one loss, by the kind of the run's own tasks.
MIXED: dict[str, list[dict[str, Any]]] = {
    "linear": [{}, {"tasks": {"kind": "affine", "num_features": 8, "num_epochs": 2, "search": {"num_train": 30}}}],
    "image-groups": [
        {"tasks": {"num_features": 8}},
        {"tasks": {"kind": "image-pairs", "num_features": 16, "search": {"num_tasks": 12}}},
    ],
}


def small_config(seed: int = 0, **changes: dict[str, Any]) -> Config:
    """The config with some keys of some sections changed; None unsets a limit."""
    sections = {name: {**VALUES.get(name, {}), **changes.get(name, {})} for name in {*VALUES, *changes}}
    return parse_config({"name": "small", "seed": seed, **sections})


def mixed_config(kind: str, **changes: dict[str, Any]) -> Config:
    """The config with four islands in two groups that differ in their tasks."""
    islands = {"count": 4, "groups": MIXED[kind], **changes.pop("islands", {})}
    return small_config(tasks={"kind": kind, **changes.pop("tasks", {})}, islands=islands, **changes)


def small_file(folder: Path) -> Path:
    """A file of the config."""
    path = folder / "small.toml"
    path.write_text(small_config().to_toml())
    return path
