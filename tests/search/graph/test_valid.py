"""A graph is valid when its program, looked at by itself, predicts from features and from what it learns."""

from __future__ import annotations

from collections import Counter

import pytest
from support.programs.graphs import EMITTED, Workshop, config_of, looks_valid, looks_valid_with_registers
from support.programs.reference_cases import program

from automl_zero.program.library import LIBRARY, LibraryEntry, library_program
from automl_zero.program.program import Program
from automl_zero.search.graph.mutation import GRAPH_MUTATIONS

LINEAR = "s2 = s0 - s1; v2 = s2 * v0; v1 = v1 + v2"
VALID = {
    "linear": program("", "s1 = dot(v0, v1)", LINEAR),
    "by way of a decaying rate": program("s3 = 0.1", "s1 = dot(v0, v1)", f"s3 = s3 * s3; {LINEAR}; v1 = s3 * v1"),
    "by way of what Predict keeps": program(
        "", "s1 = dot(v0, v1); v2 = v2 + v0", "s2 = s0 - s1; v3 = s2 * v2; v1 = v1 + v3"
    ),
    "what Predict has changed": program(
        "", "s1 = dot(v0, v1); v1 = v1 + v0", "s2 = s0 - s1; v2 = s2 * v0; v1 = v1 + v2"
    ),
}
INVALID = {
    "a constant": program("", "s1 = 0.5"),
    "no features": program("", "s1 = abs(s2)", "s2 = s2 + s0; s2 = s2 - s1"),
    "nothing learned": program("v1 = gaussian(0, 1, n_features)", "s1 = dot(v0, v1)"),
    "no prediction in what is learned": program("", "s1 = dot(v0, v1)", "v2 = s0 * v0; v1 = v1 + v2"),
    "no label in what is learned": program("", "s1 = dot(v0, v1)", "v2 = s1 * v0; v1 = v1 + v2"),
    "what was learned is lost": program("", "s1 = dot(v0, v1)", "s2 = s0 - s1; v1 = s2 * v0"),
    "something else is lost": program("", "s1 = dot(v0, v1); s1 = s1 * s3", f"{LINEAR}; s3 = s0 - s1"),
    "lost by Predict": program("", "s1 = dot(v0, v1); v1 = abs(v0)", "s2 = s0 - s1; v2 = s2 * v0; v1 = v1 + v2"),
}


@pytest.mark.parametrize("some", VALID.values(), ids=VALID)
def test_valid_programs_are_found_valid(some: Program) -> None:
    outcome = Workshop(config_of()).round_trip(some)
    assert outcome.stage == EMITTED
    assert outcome.valid
    assert looks_valid(some)


@pytest.mark.parametrize("some", INVALID.values(), ids=INVALID)
def test_invalid_programs_are_found_out(some: Program) -> None:
    outcome = Workshop(config_of()).round_trip(some)
    assert outcome.stage == EMITTED
    assert not outcome.valid
    assert not looks_valid(some)


@pytest.mark.parametrize("entry", LIBRARY.values(), ids=LIBRARY)
def test_of_known_programs_the_look_and_the_graph_tell_the_same(entry: LibraryEntry) -> None:
    known = library_program(entry.name)
    outcome = Workshop(config_of(entry.multiclass)).round_trip(known)
    assert outcome.valid == looks_valid(known, entry.multiclass) == looks_valid(outcome.program, entry.multiclass)
    assert outcome.valid == ("figure_6" not in entry.name and entry.name != "noisy_relu")


@pytest.mark.parametrize("name", ["two_layer_net", "multiclass_net", "figure_5", "learning_rate_decay"])
def test_of_their_mutants_too(name: str) -> None:
    """Lines of mutants that need not be valid."""
    entry = LIBRARY[name]
    workshop, found = Workshop(config_of(entry.multiclass)), Counter[bool]()
    for _ in range(40):
        some = library_program(name)
        for step in range(20):
            outcome = workshop.round_trip(some, step % len(GRAPH_MUTATIONS))
            if outcome.stage == EMITTED:
                some = outcome.program
                assert outcome.valid == looks_valid(some, entry.multiclass), some
                found[outcome.valid] += 1
    assert min(found[True], found[False]) > 10


@pytest.mark.parametrize("name", ["by way of what Predict keeps", "what Predict has changed", "lost by Predict"])
def test_of_mutants_of_programs_in_which_predict_changes_a_state(name: str) -> None:
    """What Predict has overwritten, Learn cannot read any more."""
    workshop, found = Workshop(config_of()), 0
    for step in range(3000):
        outcome = workshop.round_trip((VALID | INVALID)[name], step % len(GRAPH_MUTATIONS))
        if outcome.stage == EMITTED:
            assert outcome.valid == looks_valid(outcome.program), outcome.program
            found += 1
    assert found > 300


# Registers --------------------------------------------------------------------------------------------------------

WITH_REGISTERS = {
    "noise for the next example": program(
        "", "v3 = v0 + v2; s1 = dot(v3, v1)", f"v2 = gaussian(0, 1, n_features); {LINEAR}"
    ),
    "weights made of a sum": program(
        "", "s1 = dot(v0, v1)", "s2 = s0 - s1; v2 = s2 * v0; v3 = v3 + v2; v1 = s3 * v3; s3 = norm(v3)"
    ),
    "the error by way of a register": program("", "s1 = dot(v0, v1)", "v2 = s4 * v0; v1 = v1 + v2; s4 = s0 - s1"),
    "other weights for predictions alone": program(
        "", "s1 = dot(v0, v1); v1 = s3 * v3", "s2 = s0 - s1; v2 = s2 * v0; v3 = v3 + v2; v1 = abs(v3); s3 = norm(v3)"
    ),
    "a mean of the features beside": program("", "v3 = v0 - v2; s1 = dot(v3, v1)", f"v2 = v2 + v0; {LINEAR}"),
}
WITHOUT_PARAMETER = {
    "nothing is kept": program("", "s1 = dot(v0, v1)", "s2 = s0 - s1; v1 = s2 * v0"),
    "two registers in turn": program("", "s1 = dot(v0, v1)", "s2 = s0 - s1; v3 = abs(v1); v1 = v2 + v0; v2 = s2 * v3"),
    "what is learned is not predicted from": program(
        "", "s1 = dot(v0, v2)", f"{LINEAR}; v2 = uniform(0, 1, n_features)"
    ),
    "a sum of noise": program("", "s1 = dot(v0, v1)", "v2 = uniform(0, 1, n_features); v1 = v1 + v2"),
}


@pytest.mark.parametrize("some", (VALID | WITH_REGISTERS).values(), ids=VALID | WITH_REGISTERS)
def test_with_registers_one_parameter_that_learns_is_enough(some: Program) -> None:
    outcome = Workshop(config_of(register_share=0.3)).round_trip(some)
    assert outcome.stage == EMITTED
    assert outcome.valid
    assert looks_valid_with_registers(some)


@pytest.mark.parametrize("name", WITHOUT_PARAMETER)
def test_without_a_parameter_that_learns_and_is_used_nothing_is_valid(name: str) -> None:
    some = WITHOUT_PARAMETER[name]
    outcome = Workshop(config_of(register_share=0.3)).round_trip(some)
    assert outcome.stage == EMITTED
    assert not outcome.valid
    assert not looks_valid_with_registers(some)


@pytest.mark.parametrize("entry", LIBRARY.values(), ids=LIBRARY)
def test_with_registers_every_known_program_is_valid(entry: LibraryEntry) -> None:
    outcome = Workshop(config_of(entry.multiclass, register_share=0.3)).round_trip(library_program(entry.name))
    assert outcome.stage == EMITTED
    assert outcome.valid


@pytest.mark.parametrize("name", ["two_layer_net", "multiclass_net", "figure_6_pruned", "noisy_relu"])
def test_of_mutants_with_registers_the_look_and_the_graph_tell_the_same(name: str) -> None:
    entry = LIBRARY[name]
    workshop, found = Workshop(config_of(entry.multiclass, register_share=0.3)), Counter[bool]()
    for _ in range(40):
        some = library_program(name)
        for step in range(20):
            outcome = workshop.round_trip(some, step % len(GRAPH_MUTATIONS))
            if outcome.stage == EMITTED:
                some = outcome.program
                assert outcome.valid == looks_valid_with_registers(some, entry.multiclass), some
                found[outcome.valid] += 1
    assert min(found[True], found[False]) > 10
