from __future__ import annotations

import pytest
from hypothesis import given, settings
from support.programs.strategies import programs

from automl_zero.program.learned_state import learned_addresses
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import COMPONENTS, AddressCounts, Program
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text


def program_of(setup: str = "", predict: str = "", learn: str = "") -> Program:
    bodies = (body.replace("; ", "\n") for body in (setup, predict, learn))
    return from_text("".join(f"def {name.title()}():\n{body}\n" for name, body in zip(COMPONENTS, bodies, strict=True)))


@pytest.mark.parametrize(
    ("program", "learned"),
    [
        (program_of(), ()),
        (program_of("", "s1 = dot(v1, v0)", "v1 = s0 * v0"), ("v1",)),
        # The label goes through other memory of Learn first, even of an earlier example.
        (program_of("", "s1 = dot(v1, v0)", "s2 = s0 - s1; v2 = s2 * v0; v1 = v1 + v2"), ("v1",)),
        (program_of("", "s1 = s3 + s3", "s3 = s2 + s3; s2 = abs(s0)"), ("s3",)),
        (program_of("", "s1 = s3 + s2", "s3 = s0 + s3; s2 = s3 + s2"), ("s2", "s3")),
        # Memory changes, but not by the label.
        (program_of("", "s1 = dot(v1, v0)", "v1 = v1 + v0"), ()),
        # The label is read, but nothing comes of it.
        (program_of("", "s1 = s2 + s2", "s3 = s0 * s0"), ()),
        # Predict overwrites what Learn has made before anything reads it.
        (program_of("", "s2 = 0.5; s1 = s2 + s2", "s2 = s0 + s0"), ()),
        # In Predict, s0 is no label.
        (program_of("", "s1 = s0 + s2", "s2 = s2 + s2"), ()),
    ],
    ids=str,
)
def test_learned_addresses_go_from_the_label_to_predict(program: Program, learned: tuple[str, ...]) -> None:
    assert learned_addresses(program) == learned


def test_with_many_classes_the_label_is_a_vector() -> None:
    program = program_of("", "v2 = dot(m1, v0)", "m2 = outer(v1, v0); m1 = m1 + m2")
    assert learned_addresses(program, multiclass=True) == ("m1",)
    assert learned_addresses(program_of("", "s1 = dot(v3, v0)", "v3 = s0 * v0"), multiclass=True) == ()


@pytest.mark.parametrize("name", LIBRARY)
def test_every_library_program_learns(name: str) -> None:
    assert learned_addresses(library_program(name), LIBRARY[name].multiclass)


@settings(deadline=None)
@given(programs(max_size=4, memory=AddressCounts(4, 3, 2)))
def test_pruning_does_not_change_what_is_learned(program: Program) -> None:
    assert learned_addresses(prune(program)) == learned_addresses(program)


@settings(deadline=None)
@given(programs(max_size=4, memory=AddressCounts(4, 3, 2)))
def test_a_program_without_learn_does_not_learn(program: Program) -> None:
    assert learned_addresses(Program(program.setup, program.predict)) == ()
