"""Lowering: keeps what pruning keeps, forgets names, hashes what is left, and gives every address its own place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.programs.strategies import instructions, programs

from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.ops import BY_NAME, OPS, Kind
from automl_zero.program.program import COMPONENTS, AddressCounts, Instruction, Program
from automl_zero.program.prune import live_instructions, prune
from automl_zero.vm.execute import memory_size
from automl_zero.vm.lower import (
    BRANCH,
    COMMUTATIVE,
    DRAWS,
    EXTENT,
    KERNEL,
    KINDS,
    LEFT,
    NUM_CONSTANTS,
    PARTIAL,
    RANDOM,
    RIGHT,
    SIZE,
    STREAM,
    TARGET,
    WRITES_FEATURES,
    Lowered,
    allocate,
    encode,
    lower,
    new_lowered,
)
from automl_zero.vm.reference import noise_streams

SMALL = AddressCounts(5, 5, 3)
FULL = AddressCounts(64, 64, 64)
GIVEN = {False: (2, 1, 0), True: (2, 3, 0)}  # how many addresses of each kind have a meaning, the first ones
CONNECTED = programs(max_size=8, memory=SMALL)

either_label = pytest.mark.parametrize("multiclass", [False, True], ids=["scalar", "multiclass"])


def lowered(program: Program, multiclass: bool = False) -> tuple[int, Lowered]:
    """The hash, and the program before it is placed."""
    room = new_lowered(len(program))
    return int(lower(encode(program), multiclass, room)), room


def code_hash(program: Program, multiclass: bool = False) -> int:
    return lowered(program, multiclass)[0]


def canonical(program: Program, multiclass: bool = False) -> Program:
    """Pruned, with the addresses that have no meaning numbered in the order of their first use.

    Of two inputs that may change places, one that has a number counts as used first, and the lower number stands first.
    """
    names: dict[tuple[Kind, int], int] = {}
    used = list(GIVEN[multiclass])

    def name(operand: tuple[Kind, int]) -> int:
        kind, address = operand
        if address < GIVEN[multiclass][kind]:
            return address
        if operand not in names:
            names[operand] = used[kind]
            used[kind] += 1
        return names[operand]

    def ordered(instruction: Instruction) -> Instruction:
        first, *_ = instruction.inputs()
        known = first in names or first[1] < GIVEN[multiclass][first[0]]
        return instruction if known else replace(instruction, in1=instruction.in2, in2=instruction.in1)

    def canonical_instruction(instruction: Instruction) -> Instruction:
        if not instruction.row.commutative:
            return _renamed(instruction, name)
        result = _renamed(ordered(instruction), name)
        return replace(result, in1=min(result.in1, result.in2), in2=max(result.in1, result.in2))

    return Program(*(tuple(map(canonical_instruction, component)) for component in prune(program, multiclass)))


def renamed(program: Program, name: Any) -> Program:
    return Program(*(tuple(_renamed(instruction, name) for instruction in component) for component in program))


def _renamed(instruction: Instruction, name: Any) -> Instruction:
    inputs = [name(operand) for operand in instruction.inputs()]
    (out,) = [name(operand) for operand in instruction.outputs()] or [0]
    in1, in2 = (*inputs, 0, 0)[:2]
    return replace(instruction, in1=in1, in2=in2, out=out)


@pytest.mark.parametrize("row", OPS, ids=lambda row: row.name)
def test_the_tables_say_what_the_row_of_an_op_says(row: Any) -> None:
    operands = [int(kind) for kind in KINDS[row.number, 1:] if kind >= 0]
    assert operands == [*row.inputs, *([] if row.output is None else [row.output])]
    assert NUM_CONSTANTS[row.number] == len(row.constants)
    assert PARTIAL[row.number] == row.partial
    assert COMMUTATIVE[row.number] == row.commutative
    assert RANDOM[row.number] == bool(row.draws)


@either_label
@settings(max_examples=300)
@given(program=CONNECTED | programs())
def test_what_is_kept_is_what_pruning_keeps(multiclass: bool, program: Program) -> None:
    _, result = lowered(program, multiclass)
    live = live_instructions(program, multiclass)
    assert result.keep.tolist() == [flag for component in live for flag in component]
    assert np.diff(result.bounds).tolist() == [sum(component) for component in live]


@either_label
@settings(max_examples=300)
@given(program=CONNECTED | programs())
def test_what_is_left_is_the_canonical_program(multiclass: bool, program: Program) -> None:
    _, result = lowered(program, multiclass)
    expected = canonical(program, multiclass)
    count = len(expected)
    assert result.code[:count, [KERNEL, TARGET, LEFT, RIGHT]].tolist() == [
        [i.op, i.out, i.in1, i.in2] for i in expected.instructions()
    ]
    for data, instruction in zip(result.data, expected.instructions(), strict=False):
        assert repr(tuple(data[: len(instruction.data)].tolist())) == repr(instruction.data)


@either_label
@settings(max_examples=200)
@given(program=CONNECTED)
def test_random_instructions_have_the_streams_of_the_reference(multiclass: bool, program: Program) -> None:
    _, result = lowered(program, multiclass)
    live = [flag for component in live_instructions(program, multiclass) for flag in component]
    expected = [stream for stream, flag in zip(noise_streams(program, multiclass), live, strict=True) if flag]
    streams = result.code[: len(expected), STREAM]
    assert [stream for stream, other in zip(streams, expected, strict=True) if other is not None] == [
        stream for stream in expected if stream is not None
    ]


@either_label
@given(program=CONNECTED)
def test_no_op_never_comes_to_the_kernel(multiclass: bool, program: Program) -> None:
    _, result = lowered(program, multiclass)
    assert (result.code[: result.bounds[3], KERNEL] != BY_NAME["no_op"].number).all()


@either_label
@given(program=CONNECTED)
def test_the_cost_is_that_of_the_pruned_program(multiclass: bool, program: Program) -> None:
    _, result = lowered(program, multiclass)
    setup, predict, learn = result.cost.tolist()
    assert setup + 7 * (predict + learn) == prune(program, multiclass).cost(7)


@given(program=CONNECTED)
def test_a_program_that_writes_the_features_says_so(program: Program) -> None:
    _, result = lowered(program)
    outputs = [output for instruction in prune(program).instructions() for output in instruction.outputs()]
    assert bool(result.memory[WRITES_FEATURES]) == ((Kind.VECTOR, 0) in outputs)


@either_label
@given(program=CONNECTED)
def test_live_random_instructions_are_counted(multiclass: bool, program: Program) -> None:
    _, result = lowered(program, multiclass)
    live = prune(program, multiclass).instructions()
    assert result.memory[DRAWS] == sum(bool(instruction.row.draws) for instruction in live)


@given(program=CONNECTED, other=CONNECTED)
def test_room_can_be_used_again(program: Program, other: Program) -> None:
    room, fresh = new_lowered(max(len(program), len(other))), new_lowered(len(program))
    lower(encode(other), True, room)
    allocate(room, 3, 8)
    assert lower(encode(program), False, room) == lower(encode(program), False, fresh)
    for result in (room, fresh):
        allocate(result, 5, 4)
    count = fresh.bounds[3]
    assert room.code[:count].tolist() == fresh.code[:count].tolist()
    assert (room.bounds.tolist(), room.memory.tolist()) == (fresh.bounds.tolist(), fresh.memory.tolist())


# The hash --------------------------------------------------------------------------------------------------------


@either_label
@settings(max_examples=200)
@given(data=st.data(), program=CONNECTED)
def test_dead_code_does_not_change_the_hash(multiclass: bool, data: st.DataObject, program: Program) -> None:
    component, dead = data.draw(st.sampled_from(COMPONENTS)), data.draw(instructions(memory=SMALL))
    code = list(getattr(program, component))
    code.insert(data.draw(st.integers(0, len(code))), replace(dead, out=60))  # nobody reads it
    longer = replace(program, **{component: tuple(code)})
    assert code_hash(longer, multiclass) == code_hash(program, multiclass)


@either_label
@settings(max_examples=200)
@given(seed=st.integers(0, 2**32), program=CONNECTED)
def test_renaming_does_not_change_the_hash(multiclass: bool, seed: int, program: Program) -> None:
    rng = np.random.default_rng(seed)
    firsts = GIVEN[multiclass]
    names = [[*range(first), *(first + rng.permutation(64 - first))] for first in firsts]
    other = renamed(program, lambda operand: int(names[operand[0]][operand[1]]))
    assert code_hash(other, multiclass) == code_hash(program, multiclass)


@pytest.mark.parametrize("name", ["linear_regression", "two_layer_net"])
def test_the_order_of_inputs_that_may_change_places_does_not_change_the_hash(name: str) -> None:
    program = library_program(name)
    exchanged = Program(*(tuple(map(_exchanged, component)) for component in program))
    assert exchanged != program
    assert code_hash(exchanged) == code_hash(program)


def _exchanged(instruction: Instruction) -> Instruction:
    in1, in2 = instruction.in1, instruction.in2
    return replace(instruction, in1=in2, in2=in1) if instruction.row.commutative else instruction


def neighbours(program: Program, rng: np.random.Generator) -> Iterator[Program]:
    """Programs that are a few steps away, each of them one operand, constant or op that changes."""
    while True:
        code = [list(component) for component in program]
        for _ in range(8):
            component = code[rng.choice([c for c in range(3) if code[c]])]
            row = int(rng.integers(len(component)))
            component[row] = _changed(component[row], rng)
            yield Program(*map(tuple, code))


def _changed(instruction: Instruction, rng: np.random.Generator) -> Instruction:
    name = str(rng.choice(["op", "in1", "in2", "out", "data"]))
    if name == "op":
        alike = [
            op for op in OPS if op.signature == instruction.row.signature and op.constants == instruction.row.constants
        ]
        return replace(instruction, op=int(rng.choice([op.number for op in alike])))
    if name == "data":
        return replace(instruction, data=tuple(float(x) for x in rng.random(len(instruction.data))))
    return replace(instruction, **{name: int(rng.integers(0, 3))})


@pytest.mark.parametrize("name", ["two_layer_net", "figure_6_raw", "multiclass_mean_learning_rate"])
def test_different_programs_have_different_hashes(name: str) -> None:
    multiclass = LIBRARY[name].multiclass
    meanings: dict[int, str] = {}
    walk = neighbours(library_program(name), np.random.default_rng(1))
    for _, program in zip(range(5000), walk, strict=False):
        meaning = repr(canonical(program, multiclass))
        assert meanings.setdefault(code_hash(program, multiclass), meaning) == meaning
    assert len(meanings) > 500
    assert len(set(meanings.values())) == len(meanings)


@settings(max_examples=300)
@given(program=CONNECTED, other=CONNECTED)
def test_hashes_are_equal_where_canonical_programs_are(program: Program, other: Program) -> None:
    assert (code_hash(program) == code_hash(other)) == (repr(canonical(program)) == repr(canonical(other)))


def test_an_instruction_in_another_function_makes_another_hash() -> None:
    predict = Instruction(BY_NAME["scalar_sum"].number, 1, 0, 1)
    programs_ = [Program(setup=(predict,)), Program(predict=(predict,)), Program(learn=(predict,))]
    assert len({code_hash(program) for program in programs_}) == 3


def test_zeros_of_different_signs_are_different_constants() -> None:
    zeros = [
        Program(setup=(Instruction(BY_NAME["scalar_const_set"].number, out=1, data=(zero,)),)) for zero in (0.0, -0.0)
    ]
    assert code_hash(zeros[0]) != code_hash(zeros[1])


# Places ----------------------------------------------------------------------------------------------------------


@either_label
@settings(max_examples=200)
@given(program=CONNECTED | programs(), num_features=st.sampled_from([3, 4, 17]), lanes=st.sampled_from([4, 8, 16]))
def test_every_address_has_a_place_of_its_own(
    multiclass: bool, program: Program, num_features: int, lanes: int
) -> None:
    _, result = lowered(program, multiclass)
    allocate(result, num_features, lanes)
    expected = canonical(program, multiclass)
    places = {
        operand: offset
        for row, instruction in zip(result.code, expected.instructions(), strict=False)
        for operand, offset in offsets(row, instruction)
    }
    in_order = sorted((offset, lanes * num_features**kind) for (kind, _), offset in places.items())
    ends = [0, *(offset + size for offset, size in in_order)]
    starts = [*(offset for offset, _ in in_order), result.memory[SIZE]]
    assert all(end <= start for end, start in zip(ends, starts, strict=True))
    assert all(offset == lanes * address for (kind, address), offset in places.items() if kind is Kind.SCALAR)


def offsets(row: Any, instruction: Instruction) -> list[tuple[tuple[Kind, int], int]]:
    sources = zip(instruction.inputs(), row[[LEFT, RIGHT]], strict=False)
    targets = zip(instruction.outputs(), row[[TARGET]], strict=False)
    return [(operand, int(offset)) for operand, offset in (*sources, *targets)]


@either_label
@given(program=CONNECTED, num_features=st.integers(1, 20))
def test_the_memory_has_room_for_the_program_and_its_scratch(
    multiclass: bool, program: Program, num_features: int
) -> None:
    _, result = lowered(program, multiclass)
    allocate(result, num_features, 8)
    counts = program.address_counts()
    room = memory_size(replace(counts, vectors=max(counts.vectors, 3 if multiclass else 1)), num_features) * 8
    scratch = num_features**2 if result.memory[2] else num_features
    assert result.memory[SIZE] + 8 * scratch <= room


@pytest.mark.parametrize("row", OPS[1:], ids=lambda row: row.name)
def test_an_instruction_goes_over_the_elements_of_its_widest_operand(row: Any) -> None:
    room = new_lowered(1)
    room.code[0, KERNEL], room.bounds[3], room.memory[:3] = row.number, 1, (2, 1, 1)
    allocate(room, 5, 8)
    widest = max(kind for kind in (*row.inputs, row.output) if kind is not None)
    assert room.code[0, EXTENT] == 8 * 5**widest
    assert room.code[0, KERNEL] == BRANCH[row.number]
