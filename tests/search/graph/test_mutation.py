"""Each kind of mutation of a graph does what it says, and in the search, what comes of it is valid or the parent."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from support.programs.graphs import (
    EMITTED,
    FEATURES_CELL,
    LABEL_CELL,
    SPARE,
    Cell,
    Workshop,
    config_of,
    looks_valid,
    looks_valid_with_registers,
    reads,
)
from support.programs.reference_cases import program

from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.ops import OPS, Op
from automl_zero.program.program import COMPONENTS, AddressCounts, Instruction, Program
from automl_zero.search.graph.graph import FIRST_NODE, MAX_STATES, NUM_NODES, NUM_STATES
from automl_zero.search.graph.mutation import (
    GRAPH_MUTATION_NUMBERS,
    GRAPH_MUTATIONS,
    MAX_NEW_NODES,
    MAX_NEW_STATES,
)

# The most new instructions that a mutation brings to each component function. A part has three and four leaves, each of
# which may be a new parameter, with an initial value and an update of four instructions.
MAX_NEW = {
    "alter_constant": (1, 0, 0),
    "alter_initial": (1, 0, 0),
    "constant_to_edge": (0, 0, 0),
    "edge_to_constant": (1, 0, 0),
    "rewire": (1, 0, 4),
    "replace_op": (0, 1, 1),
    "rebuild": (4, 3, 19),
    "rebuild_update": (0, 0, 4),
    "rebuild_prediction": (4, 3, 16),
    "rebuild_carry": (4, 3, 16),
    "extend_edge": (4, 4, 20),
    "split_state": (1, 0, 4),
    "bypass": (0, 0, 0),
}
FEW_OPS = (2, 3, 18, 23, 25, 27, 28, 31, 39, 56, 63)
PARENTS = ("linear_regression", "two_layer_net", "multiclass_net")

every_kind = pytest.mark.parametrize("kind", GRAPH_MUTATION_NUMBERS)
every_parent = pytest.mark.parametrize("parent", PARENTS)


def canonical(workshop: Workshop, name: str) -> Program:
    """The program as it comes back from a graph that nothing has changed, so that children can be compared with it."""
    known = library_program(name)
    for _ in range(4):
        known = workshop.round_trip(known).program
    return known


def new_instructions(parent: Program, child: Program) -> tuple[Counter[object], ...]:
    """Of each component function, the ops with their constants that the parent does not have there."""
    counts = [[Counter((i.op, i.data) for i in component) for component in program] for program in (parent, child)]
    return tuple(new - old for old, new in zip(*counts, strict=True))


def children(kind: str, name: str, count: int) -> tuple[Program, list[Program]]:
    """The parent and those children that are programs."""
    workshop = Workshop(config_of(LIBRARY[name].multiclass), seed=5)
    parent = canonical(workshop, name)
    outcomes = [workshop.round_trip(parent, GRAPH_MUTATION_NUMBERS[kind]) for _ in range(count)]
    return parent, [outcome.program for outcome in outcomes if outcome.stage == EMITTED]


def test_every_mutation_has_a_weight() -> None:
    assert min(mutation.weight for mutation in GRAPH_MUTATIONS) > 0


@every_parent
@every_kind
def test_a_mutation_brings_no_more_than_it_should(kind: str, parent: str) -> None:
    before, made = children(kind, parent, 1000)
    assert len(made) >= 5
    news = [tuple(new.total() for new in new_instructions(before, child)) for child in made]
    assert all(each <= most for new in news for each, most in zip(new, MAX_NEW[kind], strict=True))
    assert np.mean([child != before for child in made]) > 0.4


@every_parent
def test_a_changed_constant_is_the_only_change(parent: str) -> None:
    before, made = children("alter_constant", parent, 200)
    changed = [changes(before, child) for child in made]
    assert all(len(pairs) <= 1 for pairs in changed)  # a mean of zero stays zero
    assert all(old.op == new.op and old.operands() == new.operands() for pairs in changed for old, new in pairs)
    assert np.mean([len(pairs) for pairs in changed]) > 0.4


def changes(parent: Program, child: Program) -> list[tuple[Instruction, Instruction]]:
    """Instructions that differ, of programs of the same size."""
    return [pair for pair in zip(parent.instructions(), child.instructions(), strict=True) if pair[0] != pair[1]]


@every_parent
def test_another_initial_value_leaves_predict_and_learn_as_they_are(parent: str) -> None:
    before, made = children("alter_initial", parent, 200)
    assert all(child.predict == before.predict and child.learn == before.learn for child in made)
    assert len({child.setup for child in made}) > 5


@every_parent
def test_a_replaced_op_has_the_same_operands(parent: str) -> None:
    before, made = children("replace_op", parent, 300)
    for child in made:
        ((old, new),) = changes(before, child)
        assert old.op != new.op
        assert old.operands() == new.operands()


def test_an_op_that_keeps_elements_and_one_that_does_not_are_never_exchanged() -> None:
    """They have the same operands, but what an element is set in is a value, too."""
    some = program(predict="v2[0.5] = 0.3; s1 = dot(v0, v2)", learn="v2 = abs(v2)")
    workshop, found = Workshop(config_of(), seed=2), Counter[int]()
    for _ in range(1000):
        outcome = workshop.round_trip(some, GRAPH_MUTATION_NUMBERS["replace_op"])
        assert [each.op for each in outcome.program.instructions() if each.row.partial] == [57]
        found[outcome.stage] += 1
    assert found[EMITTED] > 3


@every_parent
def test_another_update_leaves_predict_as_it_is(parent: str) -> None:
    before, made = children("rebuild_update", parent, 300)
    assert all(len(new_instructions(before, child)[1]) == 0 for child in made)
    assert np.mean([child.learn != before.learn for child in made]) > 0.9


@every_parent
def test_a_bypassed_node_is_gone_unless_learn_reads_it_in_predict(parent: str) -> None:
    before, made = children("bypass", parent, 300)
    lengths = [len(child) for child in made]
    assert max(lengths) <= len(before)
    assert np.mean([length < len(before) for length in lengths]) > 0.5
    assert len({repr(child) for child in made}) > 2


@every_parent
def test_a_prediction_that_is_rebuilt_is_another_one(parent: str) -> None:
    before, made = children("rebuild_prediction", parent, 200)
    assert np.mean([child.predict != before.predict for child in made]) > 0.9


@pytest.mark.parametrize("tight", [False, True], ids=["spacious", "tight"])
@pytest.mark.parametrize("parent", [*PARENTS, "figure_5"])
def test_a_mutant_is_valid_and_legal_or_the_parent_to_the_last_bit(parent: str, tight: bool) -> None:
    known, multiclass = library_program(parent), LIBRARY[parent].multiclass
    memory = AddressCounts(*(count + 1 for count in known.address_counts())) if tight else SPARE
    own = (len(known.setup) + 1, len(known.predict) + 1, len(known.learn) + 1)
    sizes = own if tight else (20, 20, 40)
    ops = {name: set(range(56, 65)) if name == "setup" else {*range(1, 56), 60, 61} for name in COMPONENTS}
    config = config_of(multiclass, memory, sizes, ops)
    workshop, current, made = Workshop(config, seed=3), known, 0
    for _ in range(1500):
        success, child = workshop.mutate(current)
        if not success:
            assert repr(child) == repr(current)
            continue
        made += 1
        child.check_fits(memory, sizes)
        assert looks_valid(child, multiclass), child
        assert_of_ops(child, ops, known)
        current = known if made % 10 == 0 else child
    assert made > 100


def assert_of_ops(child: Program, ops: dict[str, set[int]], known: Program) -> None:
    """Of the ops that are allowed, or that the first parent has; what an op lacks is 0, and given values stay."""
    for name, component, before in zip(COMPONENTS, child, known, strict=True):
        assert {each.op for each in component} <= ops[name] | {each.op for each in before}
        for each in component:
            assert (each.in1, each.in2)[len(each.row.inputs) :] == (0, 0)[len(each.row.inputs) :]
            assert each.out >= (1 if each.row.output in (0, 1) else 0)


@pytest.mark.parametrize("multiclass", [False, True], ids=["scalar", "multiclass"])
def test_a_valid_program_comes_from_nothing(multiclass: bool) -> None:
    workshop = Workshop(config_of(multiclass, ops=dict.fromkeys(COMPONENTS, FEW_OPS)))
    found = [workshop.mutate(Program()) for _ in range(3000)]
    made = [child for success, child in found if success]
    assert len(made) > 3
    assert all(looks_valid(child, multiclass) for child in made)
    assert all(child == Program() for success, child in found if not success)


def test_new_constants_span_decades_and_indices_stay_fractions() -> None:
    _, made = children("edge_to_constant", "two_layer_net", 2000)
    values = [abs(each.data[0]) for child in made for each in child.setup if each.op == 56 and each.data[0] != 0.01]
    indices = [value for child in made for each in child.setup if each.op in (57, 58) for value in each.data[:-1]]
    assert len(values) > 50
    assert all(0.01 <= value <= 1 for value in values)
    assert np.mean([value < 0.1 for value in values]) == pytest.approx(0.5, abs=0.15)
    assert indices
    assert all(0 <= value < 1 for value in indices)


def test_a_program_that_is_not_valid_has_valid_mutants_or_none() -> None:
    workshop, known = Workshop(config_of(), seed=3), library_program("noisy_relu")
    for _ in range(500):
        success, child = workshop.mutate(known)
        assert looks_valid(child) if success else child == known


def test_there_is_always_room_for_what_a_mutation_may_add() -> None:
    """Lines of growing programs, up to the most instructions and many states."""
    workshop = Workshop(config_of(memory=AddressCounts(40, 30, 10), sizes=(30, 30, 60)), seed=8)
    graph, current, largest, most_states = workshop.graphs.graph, library_program("two_layer_net"), 0, 0
    for _ in range(4000):
        success, child = workshop.mutate(current)
        assert FIRST_NODE + graph.header[NUM_NODES] <= len(graph.kind)
        assert graph.header[NUM_STATES] <= MAX_STATES
        if success and len(child) >= len(current):
            current = child
            largest, most_states = max(largest, len(child)), max(most_states, int(graph.header[NUM_STATES]))
    assert (largest, most_states) > (50, 18)


def test_programs_of_nearly_as_many_states_as_there_may_be_are_mutated() -> None:
    states = MAX_STATES - MAX_NEW_STATES
    sums = "; ".join(f"s1 = s1 + s{k}" for k in range(3, states + 2))
    many = program(predict=f"s1 = dot(v0, v1); {sums}", learn="s2 = s0 - s1; v2 = s2 * v0; v1 = v1 + v2")
    workshop = Workshop(config_of(memory=AddressCounts(64, 9, 1), sizes=(20, 60, 20)))
    assert sum(workshop.mutate(many)[0] for _ in range(300)) > 10


@pytest.mark.parametrize("kind", GRAPH_MUTATION_NUMBERS)
def test_a_mutation_adds_no_more_than_there_is_room_for(kind: str) -> None:
    workshop, known = Workshop(config_of(), seed=8), library_program("two_layer_net")
    graph = workshop.graphs.graph
    workshop.round_trip(known)
    states, nodes = int(graph.header[NUM_STATES]), int(graph.header[NUM_NODES])
    for _ in range(1000):
        workshop.round_trip(known, GRAPH_MUTATION_NUMBERS[kind])
        assert graph.header[NUM_STATES] <= states + MAX_NEW_STATES
        assert graph.header[NUM_NODES] <= nodes + MAX_NEW_NODES


@pytest.mark.parametrize("op", [op for op in OPS if op.partial], ids=lambda op: op.name)
def test_elements_of_what_a_state_begins_with_may_be_set_one_by_one(op: Op) -> None:
    """One set after the other, each in what the one before it has left."""
    lengths = Counter[int]()
    _, made = children("alter_initial", "two_layer_net", 300)
    for child in made:
        lengths[sum(each.row is op for each in child.setup)] += 1
    assert lengths[1] > 0


# Registers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parent", [*PARENTS, "figure_6_pruned", "noisy_relu"])
def test_with_registers_a_mutant_is_valid_and_legal_or_the_parent_to_the_last_bit(parent: str) -> None:
    known, multiclass = library_program(parent), LIBRARY[parent].multiclass
    workshop, current, made = Workshop(config_of(multiclass, register_share=0.3), seed=3), known, 0
    for _ in range(1500):
        success, child = workshop.mutate(current)
        if not success:
            assert repr(child) == repr(current)
            continue
        made += 1
        child.check_fits(SPARE, (20, 20, 40))
        assert looks_valid_with_registers(child, multiclass), child
        current = known if made % 10 == 0 else child
    assert made > 100


def test_without_registers_predict_leaves_what_learn_changes() -> None:
    workshop, known = Workshop(config_of(), seed=1), library_program("two_layer_net")
    assert all(states_of_predict(workshop.mutate(known)[1]) == set() for _ in range(1000))


def test_with_registers_predict_may_leave_something_else() -> None:
    """Where a child's prediction stays, and Predict writes what it has read before."""
    workshop, known = Workshop(config_of(register_share=0.3), seed=1), library_program("two_layer_net")
    assert sum(states_of_predict(workshop.mutate(known)[1]) != set() for _ in range(3000)) > 10


def states_of_predict(some: Program) -> set[Cell]:
    """The cells that Predict finds from the example before and overwrites."""
    found: set[Cell] = set()
    written: set[Cell] = set()
    for each in some.predict:
        found |= {cell for cell in reads(each) if cell not in written}
        written |= set(each.outputs())
    return found & written - {FEATURES_CELL, LABEL_CELL}
