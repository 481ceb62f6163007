"""Programs written for people: what has no effect is marked or left out, and constants may be shortened."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from automl_zero.program.program import Instruction, Program
from automl_zero.program.prune import live_instructions, prune
from automl_zero.program.text import to_text

DIGITS = 4  # of shortened constants


def annotated_text(program: Program, multiclass: bool = False) -> str:
    """The exact text of a program, with a comment at each instruction that pruning would remove."""
    live = chain.from_iterable(live_instructions(program, multiclass))
    lines = to_text(program).splitlines()
    marked = (line if line.startswith("def") or next(live) else f"{line}  # no effect" for line in lines)
    return "".join(f"{line}\n" for line in marked)


def short_text(program: Program, multiclass: bool = False) -> str:
    """The text of a program without what has no effect, constants rounded, sizes as F: to look at, not to run."""
    shortened = Program(*(tuple(map(_shortened, component)) for component in prune(program, multiclass)))
    return to_text(shortened).replace("n_features", "F")


def _shortened(instruction: Instruction) -> Instruction:
    return replace(instruction, data=tuple(map(_rounded, instruction.data)))


def _rounded(value: float) -> float:
    """A constant rounded, except where a fraction below 1, which may be an index, would become 1."""
    rounded = float(f"{value:.{DIGITS}g}")
    return value if rounded == 1 > value else rounded
