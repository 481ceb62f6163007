"""The search space as arrays: which instructions a program may hold, and how children may differ from their parents."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import Config, ConfigError, Mutation
from automl_zero.program.ops import BY_NAME, OPS, Op
from automl_zero.program.program import CLASS_PREDICTION, COMPONENTS
from automl_zero.search.conventions import NUM_COMPONENTS


class Space(NamedTuple):
    """What the mutations draw from.

    Attributes:
        ops: [3, 65] allowed ops of each component function, of which the first ``num_ops`` [3] are in use.
        num_ops: [3] number of allowed ops.
        components: [1 to 3] the component functions that have any; only these are mutated.
        addresses: [3] addresses of each kind.
        first_output: [3] the lowest address of each kind that may be an output: labels and features are read-only.
        min_size: [3] least instructions of each component function.
        max_size: [3] most instructions of each component function.
        mutation_cdf: [8] cumulative probabilities of the mutations in the order of ``config.Mutation``.
        mutation_prob: [1] that a child is mutated at all.
        register_share: [1] share of new updates of a graph's states that make a register.
        rescales: [1] whether a constant is multiplied by U[0.5, 2] (paper) instead of exp(N(0, 1)).
    """

    ops: NDArray[np.int64]
    num_ops: NDArray[np.int64]
    components: NDArray[np.int64]
    addresses: NDArray[np.int64]
    first_output: NDArray[np.int64]
    min_size: NDArray[np.int64]
    max_size: NDArray[np.int64]
    mutation_cdf: NDArray[np.float64]
    mutation_prob: NDArray[np.float64]
    register_share: NDArray[np.float64]
    rescales: NDArray[np.bool_]


def build_space(config: Config) -> Space:
    """Return the search space of a config.

    Raises:
        ConfigError: an op does not exist, or has no address to write to; or no component function has any op.
    """
    multiclass = config.tasks.num_classes > 2
    # s0 holds the label and v0 the features; with more than two classes, v1 is the label.
    first_output = (1, CLASS_PREDICTION if multiclass else 1, 0)
    addresses = (config.memory.scalars, config.memory.vectors, config.memory.matrices)
    lists = [_ops(config, name, addresses, first_output) for name in COMPONENTS]
    if not any(lists):
        raise ConfigError("program.setup_ops, predict_ops and learn_ops are all empty: at least one needs an op")
    table = np.zeros((NUM_COMPONENTS, len(OPS)), np.int64)
    for row, ops in zip(table, lists, strict=True):
        row[: len(ops)] = [op.number for op in ops]
    return Space(
        ops=table,
        num_ops=np.array([len(ops) for ops in lists], np.int64),
        components=np.array([component for component, ops in enumerate(lists) if ops], np.int64),
        addresses=np.array(addresses, np.int64),
        first_output=np.array(first_output, np.int64),
        min_size=np.array(config.program.min_sizes, np.int64),
        max_size=np.array(config.program.max_sizes, np.int64),
        mutation_cdf=_mutation_cdf(config),
        mutation_prob=np.array([config.mutation.prob]),
        register_share=np.array([config.mutation.register_share]),
        rescales=np.array([config.mutation.table == "paper"]),
    )


def find_op(name_or_number: int | str, key: str) -> Op:
    """Return the op of a name or number that a key of the config gives.

    Raises:
        ConfigError: there is none; the message names the key.
    """
    if isinstance(name_or_number, str) and name_or_number in BY_NAME:
        return BY_NAME[name_or_number]
    if isinstance(name_or_number, int) and 0 <= name_or_number < len(OPS):
        return OPS[name_or_number]
    raise ConfigError(
        f"{key}: unknown op {name_or_number!r}: use 0 to {len(OPS) - 1} or a name that 'automl-zero ops' lists"
    )


def _ops(config: Config, component: str, addresses: tuple[int, ...], first_output: tuple[int, ...]) -> list[Op]:
    names = getattr(config.program, f"{component}_ops")
    ops = list(dict.fromkeys(find_op(name, f"program.{component}_ops") for name in names))
    for op in ops:
        for kind in (*op.inputs, op.output):
            # An output needs an address that may be written, an input any.
            least = 0 if kind is None else first_output[kind] if kind is op.output else 0
            if kind is not None and addresses[kind] <= least:
                bank = ("scalars", "vectors", "matrices")[kind]
                raise ConfigError(
                    f"program.{component}_ops has {op.name}, but memory.{bank} = {addresses[kind]} gives it no address:"
                    f" use at least {least + 1}, or leave the op out"
                )
    return ops


def _mutation_cdf(config: Config) -> NDArray[np.float64]:
    weights = config.mutation.weights or {
        mutation: mutation.paper_weight if config.mutation.table == "paper" else mutation.released_weight
        for mutation in Mutation
    }
    cumulated = np.cumsum([weights.get(mutation, 0.0) for mutation in Mutation])
    return np.asarray(cumulated / cumulated[-1])  # so the last is exactly 1, above every draw from [0, 1)
