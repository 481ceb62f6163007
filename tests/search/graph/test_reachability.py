"""Every technique that the analysis knows is in reach of the mutations of graphs: a chain of single steps leads to it.

Each chain begins with a program of the library, or the empty one, and each program in it is a mutant of the one before,
found among a bounded number of attempts. Programs of a chain are equal up to constants.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from support.programs.graphs import Workshop, config_of, decoded, meaning
from support.programs.reference_cases import program

from automl_zero.analysis.techniques.detect import detect
from automl_zero.analysis.techniques.registry import TECHNIQUES
from automl_zero.program.library import two_layer_net
from automl_zero.program.ops import BY_NAME
from automl_zero.program.program import Instruction, Program
from automl_zero.program.prune import prune
from automl_zero.search.graph.mutation import FAILED, GraphWorkspace, mutate_as_graph
from automl_zero.search.population import copy_program
from automl_zero.search.space import Space
from automl_zero.tasks.task import Loss
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import OP, Code, Lowered, encode

ATTEMPTS = 4_000_000  # at each step; the rarest of them has taken a tenth of that
LINEAR = ("s2 = 0.1", "s1 = dot(v1, v0)", "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2")
RANDOM_FEATURES = (
    "s2 = 0.1; m0 = gaussian(0, 1, (n_features, n_features))",
    "v3 = dot(m0, v0); v4 = maximum(v3, v5); s1 = dot(v1, v4)",
    "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v4; v1 = v1 + v2",
)
NET = two_layer_net(learning_rate=0.1)
DECAY = Instruction(BY_NAME["scalar_arctan"].number, 3, out=3)
NET_WITH_DECAY = Program(NET.setup, NET.predict, (*NET.learn, DECAY))
FROM_NOTHING = [
    Program(),
    program("", "s1 = dot(v1, v0)", "s3 = s0 - s1; v2 = s3 * v0; v1 = v1 + v2"),
    program(*LINEAR),
]
CHAINS: dict[str, list[Program]] = {
    "linear model": FROM_NOTHING,
    "gradient descent on squared loss": FROM_NOTHING,
    "gradient descent on logistic loss": FROM_NOTHING,
    "bias": [
        program(*LINEAR),
        program(LINEAR[0], f"{LINEAR[1]}; s1 = s1 + s4", f"{LINEAR[2]}; s4 = s4 + s3"),
    ],
    "ReLU": [
        program(*LINEAR),
        program(LINEAR[0], "v4 = maximum(v0, v5); s1 = dot(v1, v4)", LINEAR[2]),
        program(LINEAR[0], "v4 = maximum(v0, v5); s1 = dot(v1, v4)", LINEAR[2].replace("* v0", "* v4")),
        program(*RANDOM_FEATURES),
    ],
    "two-layer net": [
        program(*RANDOM_FEATURES),
        program(*RANDOM_FEATURES[:2], f"{RANDOM_FEATURES[2]}; m1 = outer(v1, v0); m0 = m0 + m1"),
        program(*RANDOM_FEATURES[:2], f"{RANDOM_FEATURES[2]}; v6 = s3 * v1; m1 = outer(v6, v0); m0 = m0 + m1"),
    ],
    "back-propagation": [
        program(*RANDOM_FEATURES[:2], f"{RANDOM_FEATURES[2]}; v6 = s3 * v1; m1 = outer(v6, v0); m0 = m0 + m1"),
        program(
            *RANDOM_FEATURES[:2],
            f"{RANDOM_FEATURES[2]}; v6 = s3 * v1; v7 = heaviside(v3, 1.0); v6 = v7 * v6; m1 = outer(v6, v0); "
            "m0 = m0 + m1",
        ),
    ],
    "bilinear interaction": [
        program(*LINEAR),
        program(LINEAR[0], f"{LINEAR[1]}; v3 = dot(m0, v0); s4 = dot(v3, v0); s1 = s1 + s4", LINEAR[2]),
        program(
            LINEAR[0],
            f"{LINEAR[1]}; v3 = dot(m0, v0); s4 = dot(v3, v0); s1 = s1 + s4",
            f"{LINEAR[2]}; m1 = outer(v2, v0); m0 = m0 + m1",
        ),
    ],
    "gradient normalization": [
        program(*LINEAR),
        program(*LINEAR[:2], "s3 = s0 - s1; s3 = s2 * s3; s4 = norm(v0); s3 = s3 / s4; v2 = s3 * v0; v1 = v1 + v2"),
    ],
    "loss clipping": [
        program(*LINEAR),
        program(f"{LINEAR[0]}; s5 = 1", LINEAR[1], LINEAR[2].replace("s1; s3", "s1; s3 = minimum(s3, s5); s3")),
        program(
            f"{LINEAR[0]}; s5 = 1; s6 = -1",
            LINEAR[1],
            LINEAR[2].replace("s1; s3", "s1; s3 = minimum(s3, s5); s3 = maximum(s3, s6); s3"),
        ),
    ],
    "weight averaging": [
        program(*LINEAR),
        program(*LINEAR[:2], "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; v3 = v3 + v2; v1 = s2 * v3"),
        program(
            LINEAR[0],
            "s1 = dot(v1, v0); v1 = s2 * v4",
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; v3 = v3 + v2; v4 = v4 + v3; v1 = s2 * v3",
        ),
    ],
    "noise injection": [
        program(*LINEAR),
        program(LINEAR[0], "v3 = v0 + v4; s1 = dot(v1, v3)", f"{LINEAR[2]}; v4 = gaussian(0, 1, n_features)"),
        program(
            LINEAR[0],
            "v3 = v0 + v4; s1 = dot(v1, v3)",
            f"{LINEAR[2].replace('* v0', '* v3')}; v4 = gaussian(0, 1, n_features)",
        ),
    ],
    "noisy ReLU": [
        program(*RANDOM_FEATURES),
        program(*RANDOM_FEATURES[:2], f"{RANDOM_FEATURES[2]}; v5 = gaussian(0, 1, n_features)"),
    ],
    "learning rate decay": [
        NET,
        NET_WITH_DECAY,
    ],
    "learning rate from weights": [
        program(*RANDOM_FEATURES),
        program(
            *RANDOM_FEATURES[:2],
            "s3 = s0 - s1; s4 = norm(v1); s4 = s2 * s4; s3 = s4 * s3; v2 = s3 * v4; v1 = v1 + v2",
        ),
    ],
    "weight decay": [
        program(*LINEAR),
        program(f"{LINEAR[0]}; s5 = 0.9", LINEAR[1], LINEAR[2].replace("v1 = v1", "v1 = s5 * v1; v1 = v1")),
    ],
}


@jit
def _next_mutant(
    state: Any, space: Space, parent: Code, code: Code, lowered: Lowered, graphs: GraphWorkspace, ops: Any, counts: Any,
    attempts: int,
) -> int:  # fmt: skip
    """Mutate copies until one has as many instructions of each op as wanted; return the attempts that this took."""
    for attempt in range(attempts):
        copy_program(parent, code)
        if mutate_as_graph(state, space, False, code, lowered, graphs) == FAILED:
            continue
        counts[:] = 0
        for component in range(3):
            for row in range(code.start[component], code.start[component] + code.size[component]):
                counts[component, code.code[row, OP]] += 1
        differences = 0
        for component in range(3):
            for op in range(ops.shape[1]):
                differences += counts[component, op] != ops[component, op]
        if differences == 0:
            return attempt + 1
    return attempts


def is_mutant(workshop: Workshop, before: Program, after: Program) -> bool:
    """Whether a mutation of one program gives the other, up to constants and to the order of its instructions."""
    parent, code = encode(before, workshop.sizes), encode(before, workshop.sizes)
    ops = np.zeros((3, 65), np.int64)
    for component, instructions in enumerate(after):
        for each in instructions:
            ops[component, each.op] += 1
    wanted, left, counts = skeleton(after), ATTEMPTS, np.zeros_like(ops)
    while left > 0:
        memory = workshop.lowered, workshop.graphs
        left -= _next_mutant(workshop.state, workshop.space, parent, code, *memory, ops, counts, left)
        if skeleton(decoded(code)) == wanted:
            return True
    return False


def skeleton(some: Program) -> list[str]:
    """What a program means, whatever its constants are."""
    return meaning(Program(*(tuple(map(_without_constants, component)) for component in prune(some))))


def _without_constants(each: Instruction) -> Instruction:
    return Instruction(each.op, each.in1, each.in2, each.out, (0.0,) * len(each.data))


def ops_of(chain: list[Program]) -> dict[str, list[int]]:
    """The ops of a search that has what the chain needs: Predict and Learn have the same ones."""
    setup, predict, learn = ({each.op for some in chain for each in tuple(some)[k]} for k in range(3))
    return {"setup": sorted(setup), "predict": sorted(predict | learn), "learn": sorted(predict | learn)}


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_a_chain_of_mutations_leads_to_every_technique(technique: str) -> None:
    chain = CHAINS[technique]
    workshop = Workshop(config_of(ops=ops_of(chain), register_share=0.3), seed=1)
    for before, after in pairwise(chain):
        assert is_mutant(workshop, before, after), after
    loss = Loss.RMSE if "squared" in technique else Loss.ACCURACY
    assert technique in {found.technique for found in detect(chain[-1], loss=loss)}
    assert technique not in {found.technique for found in detect(chain[0], loss=loss)}
