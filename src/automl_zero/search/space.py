"""The search space as arrays: which instructions a program may hold, and how children may differ from their parents."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import Config, ConfigError, Mutation
from automl_zero.program.ops import BY_NAME, OPS, Op
from automl_zero.program.program import CLASS_PREDICTION, COMPONENTS

# One row for each kind of mutation: its weight in the paper's table (supplement S3: one third each for size, component
# and argument, and removal twice as likely as insertion), and in that of the published program's baseline script.
MUTATIONS: dict[Mutation, tuple[float, float]] = {
    Mutation.INSERT: (1 / 9, 1 / 4),
    Mutation.REMOVE: (2 / 9, 1 / 4),
    Mutation.RANDOMIZE_COMPONENT: (1 / 3, 1 / 4),
    Mutation.ALTER_PARAMETER: (1 / 3, 1 / 4),
    Mutation.RANDOMIZE_INSTRUCTION: (0.0, 0.0),
    Mutation.TRADE: (0.0, 0.0),
    Mutation.RANDOMIZE_PROGRAM: (0.0, 0.0),
    Mutation.IDENTITY: (0.0, 0.0),
}
(
    INSERT, REMOVE, RANDOMIZE_COMPONENT, ALTER_PARAMETER, RANDOMIZE_INSTRUCTION, TRADE, RANDOMIZE_PROGRAM, IDENTITY,
) = range(len(MUTATIONS))  # fmt: skip


class Space(NamedTuple):
    """What the mutations draw from.

    Attributes:
        ops: [3, 65] allowed ops of each component function, ``num_ops`` [3] of them; ``open``: those with any.
        addresses: [3] addresses of each kind; ``first_output``: [3] the lowest that may be an output.
        min_size, max_size: [3] limits in instructions.
        odds: [8] cumulated weights of the mutations; ``prob``: [1] that a child is mutated at all.
        gentle: [1] whether constants are multiplied by U[0.5, 2] (paper) instead of exp(N(0, 1)).
    """

    ops: NDArray[np.int64]
    num_ops: NDArray[np.int64]
    open: NDArray[np.int64]
    addresses: NDArray[np.int64]
    first_output: NDArray[np.int64]
    min_size: NDArray[np.int64]
    max_size: NDArray[np.int64]
    odds: NDArray[np.float64]
    prob: NDArray[np.float64]
    gentle: NDArray[np.bool_]


def build_space(config: Config) -> Space:
    """The search space of a config.

    Raises:
        ConfigError: an op does not exist, or has no address to write to; or no component function has any op.
    """
    multiclass = config.tasks.num_classes > 2
    first_output = (1, CLASS_PREDICTION if multiclass else 1, 0)
    addresses = (config.memory.scalars, config.memory.vectors, config.memory.matrices)
    lists = [_ops(config, name, addresses, first_output) for name in COMPONENTS]
    if not any(lists):
        raise ConfigError("program.setup_ops, predict_ops and learn_ops are all empty: at least one needs an op")
    table = np.zeros((3, len(OPS)), np.int64)
    for row, ops in zip(table, lists, strict=True):
        row[: len(ops)] = [op.number for op in ops]
    return Space(
        table,
        np.array([len(ops) for ops in lists], np.int64),
        np.array([component for component, ops in enumerate(lists) if ops], np.int64),
        np.array(addresses, np.int64),
        np.array(first_output, np.int64),
        np.array(config.program.min_sizes, np.int64),
        np.array(config.program.max_sizes, np.int64),
        _odds(config),
        np.array([config.mutation.prob]),
        np.array([config.mutation.table == "paper"]),
    )


def find_op(name_or_number: int | str, key: str) -> Op:
    """The op of a name or number that stands under a key of the config.

    Raises:
        ConfigError: there is none.
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
            least = 0 if kind is None else first_output[kind] if kind is op.output else 0
            if kind is not None and addresses[kind] <= least:
                bank = ("scalars", "vectors", "matrices")[kind]
                raise ConfigError(
                    f"program.{component}_ops has {op.name}, but memory.{bank} = {addresses[kind]} gives it no address:"
                    f" use at least {least + 1}, or leave the op out"
                )
    return ops


def _odds(config: Config) -> NDArray[np.float64]:
    column = 0 if config.mutation.table == "paper" else 1
    weights = config.mutation.weights or {mutation: row[column] for mutation, row in MUTATIONS.items()}
    cumulated = np.cumsum([weights.get(mutation, 0.0) for mutation in MUTATIONS])
    return np.asarray(cumulated / cumulated[-1])
