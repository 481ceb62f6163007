"""Program text for readers: instructions without an effect are marked or left out, constants may be rounded."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from automl_zero.program.program import Instruction, Program
from automl_zero.program.prune import live_instructions, prune
from automl_zero.program.text import to_text

DIGITS = 4  # significant digits of rounded constants


def annotated_text(program: Program, multiclass: bool = False) -> str:
    """Return the exact text of a program, with a comment at each instruction that pruning would remove."""
    live = chain.from_iterable(live_instructions(program, multiclass))
    lines = to_text(program).splitlines()
    marked = (line if line.startswith("def") or next(live) else f"{line}  # no effect" for line in lines)
    return "".join(f"{line}\n" for line in marked)


def short_text(program: Program, multiclass: bool = False) -> str:
    """Return the text of a pruned program with rounded constants and F for ``n_features``.

    It is for display: the parser does not read F, and rounded constants are other constants.
    """
    shortened = Program(*(tuple(map(_shortened, component)) for component in prune(program, multiclass)))
    return to_text(shortened).replace("n_features", "F")


def _shortened(instruction: Instruction) -> Instruction:
    return replace(instruction, data=tuple(map(_rounded, instruction.data)))


def _rounded(value: float) -> float:
    """Return a rounded constant; a fraction below 1, which may be an index, stays below 1."""
    rounded = float(f"{value:.{DIGITS}g}")
    return value if rounded == 1 > value else rounded
