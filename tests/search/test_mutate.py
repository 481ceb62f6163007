"""Each kind of mutation does what it says and no more, as often as it should; every program stays in its space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest
from support.runs.small_config import small_config

from automl_zero.config import Config, Mutation, parse_config
from automl_zero.program.library import library_program
from automl_zero.program.ops import BY_NAME, OPS
from automl_zero.program.program import COMPONENTS, AddressCounts, Instruction, Program
from automl_zero.search.mutate import mutate, randomize_program
from automl_zero.search.population import decode
from automl_zero.search.random_stream import new_state
from automl_zero.search.space import Space, build_space
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import Code, encode

MANY = 4000
UNLIKELY = 1e-6  # of a test that draws the same numbers on every run
NET = library_program("two_layer_net")
ALL_OPS = tuple(range(1, 65))
CONSTANT_OPS = [op for op in OPS if op.constants]

every_table = pytest.mark.parametrize("table", ["paper", "released"])


def config_of(kind: str = "identity", **changes: dict[str, Any]) -> Config:
    """One kind of mutation, all ops, and sizes that the net fits into."""
    ops = {f"{name}_ops": ALL_OPS for name in COMPONENTS}
    sections: dict[str, dict[str, Any]] = {
        "memory": {"scalars": 6, "vectors": 9, "matrices": 2},
        "program": {**ops, "max_sizes": (8, 8, 20)},
        "mutation": {"weights": {kind: 1}},
    }
    return parse_config({name: {**sections.get(name, {}), **changes.get(name, {})} for name in {*sections, *changes}})


@jit
def _mutate_copies(state: Any, space: Space, parent: Code, code: Any, data: Any, bits: Any, size: Any) -> None:
    """Mutate copies of one program: the rows of the last four arrays."""
    for k in range(len(size)):
        mutate(state, space, Code(code=code[k], data=data[k], bits=bits[k], size=size[k], start=parent.start))


def children(program: Program, config: Config, count: int = MANY, seed: int = 0) -> list[Program]:
    """Children of one program; compiled code makes all of them at once, since a call from Python is slow."""
    parent = encode(program, config.program.max_sizes)
    code, data, size = (np.repeat(each[None], count, axis=0) for each in (parent.code, parent.data, parent.size))
    _mutate_copies(new_state(seed), build_space(config), parent, code, data, data.view(np.uint64), size)
    return [decoded(code[k], data[k], size[k], parent.start) for k in range(count)]


def decoded(code: Any, data: Any, size: Any, start: Any) -> Program:
    """The program of such arrays; known instructions are not made again, since most are those of the parent."""
    rows = [_instruction(each.tobytes(), constants.tobytes()) for each, constants in zip(code, data, strict=True)]
    return Program(*(tuple(rows[start[k] : start[k] + size[k]]) for k in range(len(size))))


@cache
def _instruction(code: bytes, data: bytes) -> Instruction:
    one = np.frombuffer(code, np.int16)[None], np.frombuffer(data)[None]
    return decode(*one, np.array([1, 0, 0]), (0, 1, 1)).setup[0]


def of_ops(*names: str) -> Program:
    """A program of one function, Setup, with an instruction for each name; constants are 0.5."""
    rows = [BY_NAME[name] for name in names]
    return Program(setup=tuple(Instruction(row.number, out=1, data=(0.5,) * len(row.constants)) for row in rows))


def only_setup(kind: str, **changes: dict[str, Any]) -> Config:
    """A config in which nothing but Setup is open."""
    program = {"predict_ops": [], "learn_ops": [], **changes.pop("program", {})}
    return config_of(kind, program=program, **changes)


def changed_components(parent: Program, child: Program) -> list[int]:
    return [number for number, (old, new) in enumerate(zip(parent, child, strict=True)) if old != new]


def without(component: tuple[Instruction, ...], position: int) -> tuple[Instruction, ...]:
    return component[:position] + component[position + 1 :]


def assert_shares(counts: Counter[Any], expected: dict[Any, float]) -> None:
    total = sum(counts.values())
    assert set(counts) <= set(expected)
    frequencies = [counts[key] for key in expected]
    assert (
        len(expected) == 1 or chisquare(frequencies, [share * total for share in expected.values()]).pvalue > UNLIKELY
    )


def assert_even(counts: Counter[Any], values: Any) -> None:
    assert_shares(counts, dict.fromkeys(values, 1 / len(values)))


# What each kind does to a program ---------------------------------------------------------------------------------


def is_inserted(parent: Program, child: Program) -> bool:
    return len(child) == len(parent) + 1 and is_removed(child, parent)


def is_removed(parent: Program, child: Program) -> bool:
    changed = changed_components(parent, child)
    if len(changed) != 1 or len(child) != len(parent) - 1:
        return False
    old, new = tuple(parent)[changed[0]], tuple(child)[changed[0]]
    return any(without(old, position) == new for position in range(len(old)))


def is_randomized_in_one_function(parent: Program, child: Program) -> bool:
    return len(changed_components(parent, child)) <= 1 and sizes(parent) == sizes(child)


def is_changed_in_one_instruction(parent: Program, child: Program) -> bool:
    pairs = zip(parent.instructions(), child.instructions(), strict=True)
    return sizes(parent) == sizes(child) and sum(old != new for old, new in pairs) <= 1


def is_altered(parent: Program, child: Program) -> bool:
    """At most one operand or constant is another one; the limits of an interval may change places, too."""
    if not is_changed_in_one_instruction(parent, child):
        return False
    return all(differing_fields(*pair) <= 1 for pair in zip(parent.instructions(), child.instructions(), strict=True))


def differing_fields(old: Instruction, new: Instruction) -> int:
    data = new.data
    if new.row.draws == "uniform" and sum(a != b for a, b in zip(old.data, data, strict=True)) == 2:
        data = data[::-1]
    pairs = [(old.in1, new.in1), (old.in2, new.in2), (old.out, new.out), *zip(old.data, data, strict=True)]
    return 9 * (old.op != new.op) + sum(a != b for a, b in pairs)


def is_traded(parent: Program, child: Program) -> bool:
    changed = changed_components(parent, child)
    if sizes(parent) != sizes(child) or len(changed) > 1:
        return False
    old, new = (tuple(program)[changed[0]] if changed else () for program in (parent, child))
    positions = range(len(old))
    shorter = {without(new, position) for position in positions}
    return not changed or any(without(old, position) in shorter for position in positions)


def sizes(program: Program) -> list[int]:
    return [len(component) for component in program]


CHECKS: dict[Mutation, Callable[[Program, Program], bool]] = {
    Mutation.INSERT: is_inserted,
    Mutation.REMOVE: is_removed,
    Mutation.RANDOMIZE_COMPONENT: is_randomized_in_one_function,
    Mutation.ALTER_PARAMETER: is_altered,
    Mutation.RANDOMIZE_INSTRUCTION: is_changed_in_one_instruction,
    Mutation.TRADE: is_traded,
    Mutation.RANDOMIZE_PROGRAM: lambda parent, child: sizes(parent) == sizes(child),
    Mutation.IDENTITY: lambda parent, child: parent == child,
}
CHANGES_NOTHING = {  # the share of children that are equal to their parent: about, and at most
    Mutation.INSERT: 0.0,
    Mutation.REMOVE: 0.0,
    Mutation.RANDOMIZE_COMPONENT: 0.01,
    Mutation.ALTER_PARAMETER: 0.3,
    Mutation.RANDOMIZE_INSTRUCTION: 0.02,
    Mutation.TRADE: 0.25,
    Mutation.RANDOMIZE_PROGRAM: 0.0,
    Mutation.IDENTITY: 1.0,
}


@pytest.mark.parametrize("kind", Mutation)
def test_a_mutation_changes_what_it_says_and_nothing_else(kind: Mutation) -> None:
    made = children(NET, config_of(kind), 2000)
    assert [child for child in made if not CHECKS[kind](NET, child)] == []
    assert np.mean([child == NET for child in made]) <= CHANGES_NOTHING[kind]


@pytest.mark.parametrize("kind", [kind for kind in Mutation if kind not in ("identity", "randomize_program")])
def test_the_function_is_drawn_evenly_from_the_open_ones(kind: Mutation) -> None:
    closed = config_of(kind, program={"predict_ops": []})
    for config, numbers in ((config_of(kind), (0, 1, 2)), (closed, (0, 2))):
        changed = [changed_components(NET, child) for child in children(NET, config)]
        counts = Counter(numbers[0] for numbers in changed if numbers)
        assert set(counts) == set(numbers)
        if kind in ("insert", "remove", "randomize_component"):
            assert_even(counts, numbers)


def test_a_random_program_is_random_in_every_open_function() -> None:
    for child in children(NET, config_of("randomize_program", program={"predict_ops": []}), 200):
        assert changed_components(NET, child) == [0, 2]


@pytest.mark.parametrize("kind", Mutation)
def test_what_is_impossible_changes_nothing(kind: Mutation) -> None:
    """An empty program can only grow; one that fills its limits from both sides keeps its size."""
    expected = {1} if kind is Mutation.INSERT else {0}
    assert {len(child) for child in children(Program(), config_of(kind), 100)} == expected
    full = config_of(kind, program={"min_sizes": (3, 5, 11), "max_sizes": (3, 5, 11)})
    assert {tuple(sizes(child)) for child in children(NET, full, 100)} == {(3, 5, 11)}


@pytest.mark.parametrize(("kind", "reached"), [("insert", (8, 8, 20)), ("remove", (1, 2, 3))])
def test_both_limits_of_the_size_are_reached_and_kept(kind: str, reached: tuple[int, int, int]) -> None:
    config = config_of(kind, program={"min_sizes": (1, 2, 3)})
    state, space, code = new_state(1), build_space(config), encode(NET, config.program.max_sizes)
    for _ in range(500):
        mutate(state, space, code)
    assert tuple(code.size.tolist()) == reached


@every_table
def test_kinds_come_as_often_as_the_table_says(table: str) -> None:
    weights = {"paper": {1: 1 / 9, -1: 2 / 9, 0: 2 / 3}, "released": {1: 1 / 4, -1: 1 / 4, 0: 1 / 2}}[table]
    config = config_of(mutation={"table": table, "weights": {}})
    made = children(NET, config)
    assert_shares(Counter(len(child) - len(NET) for child in made), weights)
    several = [child for child in made if sizes(child) == sizes(NET) and not is_altered(NET, child)]
    share = {"paper": 1 / 3, "released": 1 / 4}[table]
    assert abs(len(several) / MANY - share) < 0.05


def test_positions_are_even() -> None:
    long = Program(setup=tuple(Instruction(1, 2, 3, out) for out in (1, 2, 3, 4, 5)))
    config = only_setup("insert", program={"setup_ops": ["scalar_const_set"]})
    inserted = Counter([i.row.name for i in child.setup].index("scalar_const_set") for child in children(long, config))
    assert_even(inserted, range(6))
    config = only_setup("remove")
    removed = Counter(({1, 2, 3, 4, 5} - {i.out for i in child.setup}).pop() for child in children(long, config))
    assert_even(removed, (1, 2, 3, 4, 5))
    config = only_setup("randomize_instruction", program={"setup_ops": ["scalar_const_set"]})
    replaced = Counter([i.op for i in child.setup].index(56) for child in children(long, config))
    assert_even(replaced, range(5))


def test_a_trade_inserts_anywhere_and_then_removes_any_perhaps_the_new_one() -> None:
    long = Program(setup=tuple(Instruction(1, 2, 3, out) for out in (1, 2, 3, 4)))
    config = only_setup("trade", program={"setup_ops": ["scalar_const_set"]})
    found = Counter(tuple(0 if i.op == 56 else i.out for i in child.setup) for child in children(long, config, 20_000))
    expected: Counter[tuple[int, ...]] = Counter()
    for inserted in range(5):
        longer = (*range(1, inserted + 1), 0, *range(inserted + 1, 5))
        expected.update(longer[:removed] + longer[removed + 1 :] for removed in range(5))
    assert_shares(found, {outcome: count / 25 for outcome, count in expected.items()})


# Instructions, addresses and constants ----------------------------------------------------------------------------


def random_instructions(config: Config, count: int = MANY) -> list[Instruction]:
    made = children(of_ops("scalar_sum"), config, count)
    return [child.setup[0] for child in made]


def test_ops_are_drawn_evenly_from_those_of_the_function() -> None:
    names = ["scalar_sum", "vector_abs", "matrix_mean", "vector_const_set", "no_op"]
    config = only_setup("randomize_instruction", program={"setup_ops": names})
    assert_even(Counter(i.row.name for i in random_instructions(config)), names)


@pytest.mark.parametrize("classes", [2, 3])
def test_addresses_are_even_and_never_write_label_or_features(classes: int) -> None:
    memory = {"scalars": 4, "vectors": 5, "matrices": 3}
    tasks = {"num_classes": classes, "num_features": 8}
    firsts = (1, 1, 0) if classes == 2 else (1, 2, 0)
    for name, kind in (("scalar_sum", 0), ("vector_sum", 1), ("matrix_sum", 2)):
        config = only_setup("randomize_instruction", program={"setup_ops": [name]}, memory=memory, tasks=tasks)
        made = random_instructions(config)
        count = tuple(memory.values())[kind]
        assert_even(Counter(i.in1 for i in made), range(count))
        assert_even(Counter(i.in2 for i in made), range(count))
        assert_even(Counter(i.out for i in made), range(firsts[kind], count))
        assert_even(Counter((i.in1, i.in2) for i in made), [(a, b) for a in range(count) for b in range(count)])


def expected_interval(name: str) -> tuple[float, float]:
    return (0.0, 1.0) if name in ("index", "row", "column", "std") else (-1.0, 2.0)


@pytest.mark.parametrize("row", CONSTANT_OPS, ids=lambda row: row.name)
def test_fresh_constants_are_even(row: Any) -> None:
    config = only_setup("randomize_instruction", program={"setup_ops": [row.name]})
    data = np.array([i.data for i in random_instructions(config)])
    for name, values in zip(row.constants, data.T, strict=True):
        assert kstest(values, "uniform", expected_interval(name)).pvalue > UNLIKELY
    if len(row.constants) > 1:
        assert abs(np.corrcoef(data.T) - np.eye(len(row.constants))).max() < 0.1


def altered(name: str, table: str = "paper", count: int = 5 * MANY, **memory: int) -> list[Instruction]:
    """One instruction, each time with another of its parameters altered; its constants were 0.5."""
    config = only_setup("alter_parameter", memory=memory, mutation={"table": table, "weights": {"alter_parameter": 1}})
    return [child.setup[0] for child in children(of_ops(name), config, count)]


def altered_fields(name: str, made: list[Instruction]) -> Counter[str]:
    (before,) = of_ops(name).setup
    names = ("in1", "in2", "out", "data")
    return Counter(
        next((field for field in names if getattr(i, field) != getattr(before, field)), "none") for i in made
    )


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        ("scalar_sum", {"in1": 1 / 3, "in2": 1 / 3, "out": 1 / 3}),
        ("scalar_abs", {"in1": 1 / 2, "out": 1 / 2}),
        ("matrix_vector_product", {"in1": 1 / 3, "in2": 1 / 3, "out": 1 / 3}),
        ("scalar_const_set", {"out": 1 / 2, "data": 1 / 2}),
        ("vector_const_set", {"out": 1 / 2, "data": 1 / 2}),
        ("scalar_uniform_set", {"out": 1 / 2, "data": 1 / 2}),
        ("matrix_gaussian_set", {"out": 1 / 2, "data": 1 / 2}),
    ],
)
def test_every_parameter_is_as_likely_to_be_altered(name: str, shares: dict[str, float]) -> None:
    """With 40 addresses of a kind, a new one is the old one in 1 of 40 cases, or of 39 that may be written."""
    made = altered(name, scalars=40, vectors=40, matrices=40)
    row = BY_NAME[name]
    kinds = dict(zip(("in1", "in2"), row.inputs, strict=False))
    same = {field: 1 / 40 if field in kinds or row.output == 2 else 1 / 39 for field in shares if field != "data"}
    expected = {field: share * (1 - same.get(field, 0)) for field, share in shares.items()}
    assert_shares(altered_fields(name, made), {**expected, "none": 1 - sum(expected.values())})


def test_no_op_has_no_parameter() -> None:
    assert set(children(of_ops("no_op"), only_setup("alter_parameter"), 50)) == {of_ops("no_op")}


def altered_values(name: str, position: int, table: str) -> np.ndarray:
    """New values of one constant, where it was the one to change."""
    values = np.array([i.data for i in altered(name, table)])
    others = np.delete(values, position, axis=1)
    return values[(values[:, position] != 0.5) & (others == 0.5).all(axis=1), position]


VALUES = [("scalar_const_set", 0), ("vector_const_set", 1), ("matrix_const_set", 2), ("vector_gaussian_set", 0)]
INDICES = [("vector_const_set", 0), ("matrix_const_set", 0), ("matrix_const_set", 1)]


@pytest.mark.parametrize(("name", "position"), VALUES)
def test_in_the_paper_a_value_is_scaled_and_its_sign_flips_in_one_of_ten_cases(name: str, position: int) -> None:
    factors = altered_values(name, position, "paper") / 0.5
    assert_shares(Counter(np.sign(factors).tolist()), {1.0: 0.9, -1.0: 0.1})
    for some in (factors[factors > 0], -factors[factors < 0]):
        assert kstest(some, "uniform", (0.5, 1.5)).pvalue > UNLIKELY


@pytest.mark.parametrize(("name", "position"), VALUES)
def test_as_released_a_value_changes_its_sign_or_its_scale(name: str, position: int) -> None:
    factors = altered_values(name, position, "released") / 0.5
    assert_shares(Counter((factors == -1).tolist()), {True: 0.1, False: 0.9})
    scaled = factors[factors != -1]
    assert (scaled > 0).all()
    assert kstest(np.log(scaled), "norm").pvalue > UNLIKELY


@every_table
@pytest.mark.parametrize("name", ["scalar_gaussian_set", "vector_gaussian_set", "matrix_gaussian_set"])
def test_a_standard_deviation_never_changes_its_sign(name: str, table: str) -> None:
    factors = altered_values(name, 1, table) / 0.5
    assert len(factors) > MANY
    expected = ("uniform", (0.5, 1.5)) if table == "paper" else ("lognorm", (1.0,))
    assert kstest(factors, *expected).pvalue > UNLIKELY


@every_table
@pytest.mark.parametrize(("name", "position"), INDICES)
def test_an_index_is_drawn_again(name: str, position: int, table: str) -> None:
    values = altered_values(name, position, table)
    assert len(values) > MANY / 2
    assert kstest(values, "uniform").pvalue > UNLIKELY


@every_table
@pytest.mark.parametrize("name", ["scalar_uniform_set", "vector_uniform_set", "matrix_uniform_set"])
def test_the_limits_of_an_interval_are_put_in_order(name: str, table: str) -> None:
    made = [i.data for i in altered(name, table)]
    assert all(low <= high for low, high in made)
    counts = Counter((low != 0.5, high != 0.5) for low, high in made)
    assert counts[True, True] == 0
    assert counts[True, False] > MANY / 2
    assert counts[False, True] > MANY / 2


@pytest.mark.parametrize(
    ("name", "constants"), [("vector_const_set", 2), ("matrix_const_set", 3), ("scalar_gaussian_set", 2)]
)
def test_every_constant_is_as_likely_to_be_altered(name: str, constants: int) -> None:
    made = [i for i in altered(name) if set(i.data) != {0.5}]
    assert_even(Counter([value != 0.5 for value in i.data].index(True) for i in made), range(constants))


@every_table
def test_zero_stays_zero(table: str) -> None:
    zero = Program(setup=(Instruction(56, out=1, data=(0.0,)),))
    config = only_setup("alter_parameter", mutation={"table": table, "weights": {"alter_parameter": 1}})
    assert {child.setup[0].data[0] for child in children(zero, config, 500)} == {0.0}


# Random programs and long chains ----------------------------------------------------------------------------------


def test_a_random_program_has_any_size_within_its_limits() -> None:
    config = config_of(program={"min_sizes": (1, 2, 3), "max_sizes": (4, 2, 8)})
    state, space, code = new_state(3), build_space(config), encode(Program(), (4, 2, 8))
    found = []
    for _ in range(MANY):
        randomize_program(state, space, code)
        found.append(code.size.tolist())
    for component, values in enumerate((range(1, 5), range(2, 3), range(3, 9))):
        assert_even(Counter(size[component] for size in found), values)
    assert abs(np.corrcoef(np.array(found)[:, [0, 2]].T)[0, 1]) < 0.1


def test_a_function_without_ops_is_left_as_it_is() -> None:
    config = config_of(program={"predict_ops": []})
    code = encode(NET, config.program.max_sizes)
    randomize_program(new_state(0), build_space(config), code)
    assert decoded(code.code, code.data, code.size, code.start).predict == NET.predict


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Spaces of every shape."""
    memory = {
        "scalars": draw(st.integers(2, 9)),
        "vectors": draw(st.integers(3, 9)),
        "matrices": draw(st.integers(1, 4)),
    }
    ops = st.lists(st.sampled_from(range(65)), max_size=8)
    program: dict[str, Any] = {f"{name}_ops": draw(ops) for name in COMPONENTS}
    program["learn_ops"] = program["learn_ops"] or [draw(st.sampled_from(range(65)))]
    limits = [sorted(draw(st.tuples(st.integers(0, 6), st.integers(0, 6)))) for _ in COMPONENTS]
    program["min_sizes"], program["max_sizes"] = zip(*limits, strict=True)
    weights = {str(kind): draw(st.integers(0, 3)) for kind in Mutation}
    weights["insert"] += 1
    table = draw(st.sampled_from(["paper", "released"]))
    tasks = {"num_classes": draw(st.sampled_from([2, 3])), "num_features": 4}
    return parse_config(
        {"memory": memory, "program": program, "mutation": {"weights": weights, "table": table}, "tasks": tasks}
    )


@settings(max_examples=100)
@given(configs(), st.integers(0, 2**32))
def test_every_child_is_a_program_of_the_space(config: Config, seed: int) -> None:
    """Decoding constructs every instruction, and so checks its op, addresses and constants."""
    state, space, code = new_state(seed), build_space(config), encode(Program(), config.program.max_sizes)
    randomize_program(state, space, code)
    for _ in range(100):
        mutate(state, space, code)
        assert_in_space(decoded(code.code, code.data, code.size, code.start), config)


def assert_in_space(program: Program, config: Config) -> None:
    memory = AddressCounts(config.memory.scalars, config.memory.vectors, config.memory.matrices)
    program.check_fits(memory, config.program.max_sizes)
    firsts = (1, 2 if config.tasks.num_classes > 2 else 1, 0)
    for name, component, least in zip(COMPONENTS, program, config.program.min_sizes, strict=True):
        allowed = getattr(config.program, f"{name}_ops")
        assert len(component) >= (least if allowed else 0)
        assert all(instruction.op in allowed for instruction in component)
        assert all(out >= firsts[kind] for i in component for kind, out in i.outputs())


def test_a_search_reaches_every_op() -> None:
    config = config_of(mutation={"weights": {}})
    state, space, code = new_state(5), build_space(config), encode(NET, config.program.max_sizes)
    seen: set[int] = set()
    for _ in range(2000):
        mutate(state, space, code)
        seen.update(i.op for i in decoded(code.code, code.data, code.size, code.start).instructions())
    assert seen >= set(ALL_OPS)


def test_the_same_state_gives_the_same_children() -> None:
    config = small_config()
    same, again, other = (children(Program(), config, 200, seed) for seed in (4, 4, 5))
    assert same == again
    assert same != other
