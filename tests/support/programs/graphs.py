"""Programs that become graphs and programs again, for tests; and plain looks at what a program means, and is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from automl_zero.config import Config, parse_config
from automl_zero.program.ops import OPS, Kind
from automl_zero.program.program import (
    CLASS_LABEL,
    CLASS_PREDICTION,
    COMPONENTS,
    FEATURES,
    LABEL,
    PREDICTION,
    AddressCounts,
    Instruction,
    Program,
)
from automl_zero.program.prune import prune
from automl_zero.search.graph.codegen import emit
from automl_zero.search.graph.graph import lift
from automl_zero.search.graph.mutation import (
    FAILED,
    GraphWorkspace,
    apply_graph_mutation,
    complete_parameters,
    mutate_as_graph,
    new_graph_workspace,
)
from automl_zero.search.graph.schedule import schedule_graph
from automl_zero.search.graph.subgraph import GraphEdit, has_registers
from automl_zero.search.graph.valid import is_valid
from automl_zero.search.population import decode
from automl_zero.search.random_stream import new_state
from automl_zero.search.space import Space, build_space
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import Code, Lowered, encode, lower, new_lowered

NOT_LIFTED, UNCHANGED, NOT_ORDERED, NOT_EMITTED, EMITTED = range(5)
NO_MUTATION = -1
SPARE = AddressCounts(14, 14, 9)
ALL_OPS = dict.fromkeys(COMPONENTS, tuple(op.number for op in OPS if op.output is not None))

Cell = tuple[Kind, int]
FEATURES_CELL, LABEL_CELL = (Kind.VECTOR, FEATURES), (Kind.SCALAR, LABEL)


class Outcome(NamedTuple):
    """How far a program came on its way to a graph and back, whether its graph is valid, and the program after it."""

    stage: int
    valid: bool
    program: Program


@jit
def _round_trip(
    state: Any, space: Space, multiclass: bool, code: Code, lowered: Lowered, graphs: GraphWorkspace, kind: int
) -> tuple[int, bool]:
    graph, plan = graphs.graph, graphs.plan
    lower(code, multiclass, lowered)
    if not lift(lowered, multiclass, graph):
        return NOT_LIFTED, False
    edit = GraphEdit(random=state, space=space, graph=graph)
    if kind != NO_MUTATION and not (apply_graph_mutation(kind, edit) and complete_parameters(edit)):
        return UNCHANGED, False
    if not schedule_graph(graph, plan):
        return NOT_ORDERED, False
    valid = is_valid(graph, plan, has_registers(space))
    return (EMITTED if emit(graph, space, plan, code) else NOT_EMITTED), valid


class Workshop:
    """Memory for programs of a config, and the random numbers of their mutations."""

    def __init__(self, config: Config, seed: int = 0) -> None:
        self.sizes, self.space, self.state = config.program.max_sizes, build_space(config), new_state(seed)
        self.multiclass = config.tasks.num_classes > 2
        self.lowered, self.graphs = new_lowered(sum(self.sizes)), new_graph_workspace(self.sizes)

    def round_trip(self, program: Program, kind: int = NO_MUTATION) -> Outcome:
        """Lift a program, mutate it, write it back; what cannot be written stays."""
        code = encode(program, self.sizes)
        arguments = (self.state, self.space, self.multiclass, code, self.lowered, self.graphs, kind)
        stage, valid = _round_trip(*arguments)
        return Outcome(stage, valid, decoded(code))

    def mutate(self, program: Program) -> tuple[bool, Program]:
        """Mutate a program as the search does: whether it has become a valid one, and what it is then."""
        code = encode(program, self.sizes)
        kind = mutate_as_graph(self.state, self.space, self.multiclass, code, self.lowered, self.graphs)
        return kind != FAILED, decoded(code)


def decoded(code: Code) -> Program:
    return decode(code.code, code.data, code.size, code.start)


def config_of(
    multiclass: bool = False,
    memory: AddressCounts = SPARE,
    sizes: tuple[int, int, int] = (20, 20, 40),
    ops: Mapping[str, Iterable[int]] = ALL_OPS,
    register_share: float = 0.0,
) -> Config:
    """A config of some limits; of the ops, those that have addresses."""
    values: dict[str, Any] = {
        "memory": dict(zip(("scalars", "vectors", "matrices"), memory, strict=True)),
        "program": {f"{name}_ops": [op for op in each if _has_addresses(op, memory)] for name, each in ops.items()},
        "tasks": {"num_classes": 3 if multiclass else 2},
        "mutation": {"register_share": register_share},
    }
    values["program"]["max_sizes"] = sizes
    return parse_config(values)


def _has_addresses(op: int, memory: AddressCounts) -> bool:
    kinds = (*OPS[op].inputs, *(() if OPS[op].output is None else (OPS[op].output,)))
    return all(tuple(memory)[kind] > 0 for kind in kinds)


# Meaning, from the text of a program alone --------------------------------------------------------------------------


def meaning(program: Program, multiclass: bool = False) -> list[str]:
    """Digests of what the program predicts in three steps of training and two of validation, as expressions."""
    label, prediction = interface(multiclass)
    cells = _compute(program.setup, {}, "setup")
    found = []
    for step in range(5):
        cells |= {FEATURES_CELL: _digest("features", step), LABEL_CELL: _digest(Kind.SCALAR), label: _digest(label[0])}
        cells = _compute(program.predict, cells, f"predict {step}")
        found.append(cells.get(prediction, _digest(prediction[0])))
        cells[prediction] = _digest("normalized", found[-1])
        if step < 3:
            cells |= {FEATURES_CELL: _digest("features", step), LABEL_CELL: _digest(Kind.SCALAR)}
            cells[label] = _digest("label", step)
            cells = _compute(program.learn, cells, f"learn {step}")
    return found


def _compute(component: tuple[Instruction, ...], cells: dict[Cell, str], time: str) -> dict[Cell, str]:
    for instruction in component:
        for target in instruction.outputs():
            inputs = [cells.get(cell, _digest(cell[0])) for cell in reads(instruction)]
            ordered = sorted(inputs) if instruction.row.commutative else inputs
            cells[target] = _digest(instruction.op, instruction.data, *ordered, time if instruction.row.draws else "")
    return cells


def _digest(*parts: Any) -> str:
    """Zeros of a kind, which is all that there is."""
    return sha256(repr(parts).encode()).hexdigest()


def reads(instruction: Instruction) -> list[Cell]:
    """The cells that an instruction reads; of one that sets an element, the vector or matrix that it is set in."""
    return [*instruction.inputs(), *(instruction.outputs() if instruction.row.partial else ())]


def interface(multiclass: bool) -> tuple[Cell, Cell]:
    """Where the label and the prediction are."""
    if multiclass:
        return (Kind.VECTOR, CLASS_LABEL), (Kind.VECTOR, CLASS_PREDICTION)
    return (Kind.SCALAR, LABEL), (Kind.SCALAR, PREDICTION)


# Validity, from the text of a program alone ------------------------------------------------------------------------


def looks_valid(program: Program, multiclass: bool = False) -> bool:
    """Whether a program is valid in the sense of Mishima and Ono, by what each of its values depends on.

    What is there before Predict is named after its cell. The prediction depends on the features and on something that
    Learn changes; each such thing depends on itself and, if the prediction depends on it, on the answer.
    """
    _, predict, learn = prune(program, multiclass)
    label, prediction = interface(multiclass)
    nothing: frozenset[Any] = frozenset()
    cells: dict[Cell, frozenset[Any]] = {FEATURES_CELL: frozenset(["features"]), LABEL_CELL: nothing, label: nothing}
    asked: set[Cell] = set()
    _follow(predict, cells, asked)
    predicts_from = cells.get(prediction, nothing)
    cells |= {FEATURES_CELL: frozenset(["features"]), LABEL_CELL: nothing}
    cells |= {label: frozenset(["label"]), prediction: frozenset(["prediction"])}
    changed = _follow(learn, cells, asked) & asked - {prediction}
    for cell in changed:
        if cell not in cells[cell]:
            return False
        if cell in predicts_from and not {"label", "prediction"} <= cells[cell]:
            return False
    return "features" in predicts_from and bool(changed & predicts_from)


def looks_valid_with_registers(program: Program, multiclass: bool = False) -> bool:
    """Whether some parameter, made of its old value, depends on the answer and is what the prediction depends on."""
    _, predict, learn = prune(program, multiclass)
    label, prediction = interface(multiclass)
    nothing: frozenset[Any] = frozenset()
    cells: dict[Cell, frozenset[Any]] = {FEATURES_CELL: frozenset(["features"]), LABEL_CELL: nothing, label: nothing}
    asked: set[Cell] = set()
    carried = _follow(predict, cells, asked)
    predicts_from, after_predict = cells.get(prediction, nothing), dict(cells)
    cells |= {FEATURES_CELL: frozenset(["features"]), LABEL_CELL: nothing}
    cells |= {label: frozenset(["label"]), prediction: frozenset(["prediction"])}
    changed = _follow(learn, cells, asked)
    states = asked - {prediction, label, LABEL_CELL, FEATURES_CELL}
    old = {
        cell: (after_predict[cell] if cell in carried else nothing) | (cells[cell] if cell in changed else nothing)
        for cell in states
    }

    def with_states(found: frozenset[Any]) -> frozenset[Any]:
        while (more := found.union(*(old[each] for each in found if each in old))) != found:
            found = more
        return found

    return "features" in predicts_from and any(
        cell in cells[cell] and cell in with_states(predicts_from) and {"label", "prediction"} <= with_states(old[cell])
        for cell in changed & states
    )


def _follow(component: tuple[Instruction, ...], cells: dict[Cell, frozenset[Any]], asked: set[Cell]) -> set[Cell]:
    """Follow what values depend on; gives the cells that are written."""
    written: set[Cell] = set()
    for instruction in component:
        (target,) = instruction.outputs()
        asked |= {cell for cell in reads(instruction) if cell not in cells}
        cells[target] = frozenset().union(*(cells.get(cell, frozenset([cell])) for cell in reads(instruction)))
        written.add(target)
    return written
