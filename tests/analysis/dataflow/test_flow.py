"""Where values come from: what is found without running a program holds whenever it is run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.programs.strategies import programs

from automl_zero.analysis.dataflow.flow import (
    GIVEN_FEATURES,
    GIVEN_LABEL,
    GIVEN_PREDICTION,
    LEARN,
    PREDICT,
    SETUP,
    ZERO,
    Cell,
    ValueSource,
    flow_of,
    label_cell,
    prediction_cell,
    read_cells,
)
from automl_zero.program.library import library_program
from automl_zero.program.ops import Kind
from automl_zero.program.program import FEATURES, LABEL, AddressCounts, Program
from automl_zero.program.program_edit import lines_of
from automl_zero.program.prune import prune

CYCLE = [SETUP, PREDICT, LEARN, PREDICT, LEARN, PREDICT, PREDICT, PREDICT, LEARN, PREDICT]


@given(programs(max_size=8, memory=AddressCounts(3, 3, 1)), st.booleans())
def test_whatever_a_line_reads_in_a_run_is_among_its_sources(program: Program, multiclass: bool) -> None:
    short = prune(program, multiclass)
    flow, holds = flow_of(short, multiclass), dict[Cell, ValueSource]()
    for component in CYCLE:
        holds |= given_before(component, multiclass)
        for line, instruction in lines_of(short):
            if line[0] == component:
                for cell, sources in zip(read_cells(instruction), flow.reads[line], strict=True):
                    assert holds.get(cell, ValueSource(None, ZERO)) in sources
                holds |= {cell: ValueSource(line) for cell in instruction.outputs()}
        if component == PREDICT:
            assert holds.get(prediction_cell(multiclass), ValueSource(None, ZERO)) in flow.prediction


def given_before(component: str, multiclass: bool) -> dict[Cell, ValueSource]:
    """What the machine writes before a component function runs."""
    if component == SETUP:
        return {}
    zero, label = ValueSource(None, ZERO), label_cell(multiclass)
    given: dict[Cell, ValueSource] = {
        (Kind.VECTOR, FEATURES): ValueSource(None, GIVEN_FEATURES),
        (Kind.SCALAR, LABEL): zero,
    }
    if component == PREDICT:
        return {**given, label: zero}
    return {
        **given,
        label: ValueSource(None, GIVEN_LABEL),
        prediction_cell(multiclass): ValueSource(None, GIVEN_PREDICTION),
    }


def test_weights_come_from_zero_or_from_learn_of_an_earlier_example() -> None:
    flow = flow_of(library_program("linear_regression"))
    assert flow.reads["predict", 0] == (
        {ValueSource(None, ZERO), ValueSource(("learn", 3))},
        {ValueSource(None, GIVEN_FEATURES)},
    )
    assert flow.prediction == {ValueSource(("predict", 0))}
    assert flow.readers["learn", 3] == ((("predict", 0), 0), (("learn", 3), 0))


def test_dead_lines_are_no_part_of_the_flow_and_the_others_keep_their_numbers() -> None:
    flow = flow_of(library_program("figure_6_raw"))
    assert ("predict", 5) not in flow.instructions
    assert flow.reads["learn", 5] == ({ValueSource(("learn", 3))}, {ValueSource(("learn", 4))})


def test_what_is_behind_a_barrier_is_not_an_ancestor() -> None:
    flow = flow_of(library_program("linear_regression"))
    assert flow.depends(flow.prediction, GIVEN_LABEL)
    assert not flow.depends(flow.prediction, GIVEN_LABEL, barrier=[("learn", 3)])
