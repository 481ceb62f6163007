"""A program that becomes a graph and a program again means what it meant, and scores what it scored."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.programs.graphs import EMITTED, NOT_EMITTED, NOT_LIFTED, Workshop, config_of, decoded, meaning
from support.programs.reference_cases import COUNTS, SOME_PROGRAMS, TASK_SETS, program
from support.programs.strategies import instructions, programs

from automl_zero.program.library import LIBRARY, LibraryEntry, library_program
from automl_zero.program.ops import OPS
from automl_zero.program.program import AddressCounts, Instruction, Program
from automl_zero.program.prune import prune
from automl_zero.search.graph.graph import MAX_STATES
from automl_zero.search.mutate import randomize_program
from automl_zero.search.random_stream import new_state
from automl_zero.search.space import build_space
from automl_zero.tasks.task import TaskSet
from automl_zero.vm.execute import evaluate
from automl_zero.vm.lower import new_code

DETERMINISTIC = [op for op in OPS if not op.draws]
ANY_PREDICTION = {
    False: instructions([op for op in OPS if op.name in ("vector_inner_product", "scalar_diff")], COUNTS),
    True: instructions([op for op in OPS if op.name in ("vector_sum", "matrix_vector_product")], COUNTS),
}
WORKSHOPS = {multiclass: Workshop(config_of(multiclass)) for multiclass in (False, True)}

either_label = pytest.mark.parametrize("multiclass", [False, True], ids=["scalar", "multiclass"])


def predicting(some: st.SearchStrategy[Program], multiclass: bool) -> st.SearchStrategy[Program]:
    """Programs of which the last instruction of Predict writes the prediction."""
    return st.builds(
        lambda each, last: replace(each, predict=(*each.predict, replace(last, out=2 if multiclass else 1))),
        some,
        ANY_PREDICTION[multiclass],
    )


def scores(some: Program, tasks: TaskSet) -> list[str]:
    """All that came of it, NaN included."""
    return [repr(each) for each in evaluate(some, tasks, dtype="float64", max_abs_error=1e9)]


@pytest.mark.parametrize("name", TASK_SETS)
@settings(max_examples=300, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_a_program_that_was_a_graph_scores_the_same_to_the_last_bit(name: str, data: st.DataObject) -> None:
    tasks = TASK_SETS[name]
    some = data.draw(predicting(programs(5, DETERMINISTIC, COUNTS, st.floats(-2, 2)), tasks.is_multiclass))
    outcome = WORKSHOPS[tasks.is_multiclass].round_trip(some)
    assume(outcome.stage == EMITTED)
    assert scores(outcome.program, tasks) == scores(some, tasks)


@either_label
@settings(max_examples=500, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_it_means_the_same_and_has_no_instruction_without_effect(multiclass: bool, data: st.DataObject) -> None:
    some = data.draw(predicting(SOME_PROGRAMS, multiclass))
    outcome = WORKSHOPS[multiclass].round_trip(some)
    assume(outcome.stage == EMITTED)
    assert meaning(outcome.program, multiclass) == meaning(some, multiclass)
    assert prune(outcome.program, multiclass) == outcome.program
    assert ops_of(outcome.program) == ops_of(prune(some, multiclass))


def ops_of(some: Program) -> list[Counter[tuple[object, ...]]]:
    """Ops with their constants, in each component function."""
    return [Counter((each.op, *map(repr, each.data)) for each in component) for component in some]


@either_label
@settings(max_examples=300)
@given(some=SOME_PROGRAMS)
def test_a_program_that_cannot_be_written_stays_as_it_is(multiclass: bool, some: Program) -> None:
    tight = Workshop(config_of(multiclass, COUNTS, (8, 8, 8)))
    outcome = tight.round_trip(some)
    if outcome.stage != EMITTED:
        assert repr(outcome.program) == repr(some)
    outcome.program.check_fits(COUNTS, (8, 8, 8))


@either_label
def test_most_random_programs_that_do_not_read_an_old_prediction_become_graphs(multiclass: bool) -> None:
    """Half of all do read it; and nearly all graphs of programs are written back, if there are addresses to spare."""
    config = config_of(multiclass, COUNTS)
    space, state, code, stages = build_space(config), new_state(0), new_code(config.program.max_sizes), Counter[int]()
    for _ in range(400):
        randomize_program(state, space, code)
        if len(prune(decoded(code), multiclass)):
            stages[WORKSHOPS[multiclass].round_trip(decoded(code)).stage] += 1
    assert stages[EMITTED] > 0.9 * (stages[EMITTED] + stages[NOT_EMITTED])
    assert stages[EMITTED] > 0.4 * stages.total()


@pytest.mark.parametrize("entry", LIBRARY.values(), ids=LIBRARY)
def test_known_programs_become_graphs_and_back_in_their_own_sizes_and_an_address_to_spare(entry: LibraryEntry) -> None:
    known = library_program(entry.name)
    memory = AddressCounts(*(count + 1 for count in known.address_counts()))
    outcome = Workshop(config_of(entry.multiclass, memory, tuple(map(len, known)))).round_trip(known)
    assert outcome.stage == EMITTED
    assert meaning(outcome.program, entry.multiclass) == meaning(known, entry.multiclass)


@pytest.mark.parametrize("entry", LIBRARY.values(), ids=LIBRARY)
def test_known_programs_score_the_same_afterwards(entry: LibraryEntry) -> None:
    """Without deviations, since the order of random instructions decides on the draws of each of them."""
    known = Program(*(tuple(map(certain, component)) for component in library_program(entry.name)))
    outcome = WORKSHOPS[entry.multiclass].round_trip(known)
    tasks = TASK_SETS["three classes" if entry.multiclass else "regression"]
    assert outcome.stage == EMITTED
    assert scores(outcome.program, tasks) == scores(known, tasks)


def certain(instruction: Instruction) -> Instruction:
    """A random instruction that has one outcome."""
    if not instruction.row.draws:
        return instruction
    return replace(instruction, data=(0.3, 0.3) if instruction.row.draws == "uniform" else (0.3, 0.0))


@pytest.mark.parametrize(
    "some",
    [
        program(predict="s1 = s1 + s2", learn="s2 = s0 - s1"),
        program(predict="s2 = s1 + s3; s1 = dot(v0, v1)", learn="s4 = s2 - s1; v1 = s4 * v0"),
        program(setup="s1 = 0.5"),
    ],
)
def test_a_program_whose_prediction_outlasts_an_example_is_no_graph(some: Program) -> None:
    assert WORKSHOPS[False].round_trip(some).stage == NOT_LIFTED


def test_a_program_of_more_states_than_there_is_room_for_is_no_graph() -> None:
    """Every scalar that is read is a state."""
    workshop = Workshop(config_of(memory=AddressCounts(64, 2, 0), sizes=(1, 64, 1)))
    stages = []
    for states in range(MAX_STATES - 2, MAX_STATES + 5):
        sums = [f"s1 = s1 + s{k}" for k in range(4, states + 2)]
        stages.append(workshop.round_trip(program(predict="; ".join(["s1 = s2 + s3", *sums]))).stage)
    assert stages[0] == EMITTED
    assert stages[2:] == [NOT_LIFTED] * 5


def test_the_empty_program_is_a_graph_of_no_program() -> None:
    assert WORKSHOPS[False].round_trip(Program()).stage not in (NOT_LIFTED, EMITTED)
