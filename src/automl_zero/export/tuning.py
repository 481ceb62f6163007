"""Better constants for a program: small random changes, of which those that score better are kept.

The score of the result is never below that of the program as it was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from automl_zero.program.program import Program

FRACTIONS = ("index", "row", "column")  # constants that are places of elements

Place = tuple[int, int, int]  # component function, instruction, constant


def with_tuned_constants(
    program: Program,
    score: Callable[[Program], float],
    trials: int,
    rng: np.random.Generator,
    is_over: Callable[[], bool] = lambda: False,
) -> Program:
    """The best of a program and of ``trials`` others with some constants times exp(N(0, 1)).

    Args:
        program: what to begin with.
        score: more is better.
        trials: how many programs to score; none, if there are no constants.
        rng: draws the changes.
        is_over: asked before each trial; once it says yes, there are no more.
    """
    places = _places(program)
    if not places or not trials or is_over():
        return program
    best, best_score = program, score(program)
    for _ in range(trials):
        if is_over():
            break
        chosen = [place for place in places if rng.random() < 1 / len(places)] or [places[rng.integers(len(places))]]
        changed = best
        for place in chosen:
            changed = _scaled(changed, place, float(np.exp(rng.standard_normal())))
        if (value := score(changed)) > best_score:
            best, best_score = changed, value
    return best


def _places(program: Program) -> list[Place]:
    """The constants that a factor changes."""
    return [
        (component, row, number)
        for component, instructions in enumerate(program)
        for row, instruction in enumerate(instructions)
        for number, name in enumerate(instruction.row.constants)
        if name not in FRACTIONS and instruction.data[number] != 0
    ]


def _scaled(program: Program, place: Place, factor: float) -> Program:
    component, row, number = place
    components = [list(instructions) for instructions in program]
    data = list(components[component][row].data)
    data[number] *= factor
    components[component][row] = replace(components[component][row], data=tuple(data))
    return Program(*map(tuple, components))
