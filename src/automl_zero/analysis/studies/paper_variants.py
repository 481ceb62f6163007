"""Hand-written variants for the four techniques of the paper's best program: ablated from it, or added to simpler ones.

The paper attributes the gain to noisy inputs, bilinear interactions, normalized gradients and averaged weights (section
4.2; supplement S8). A variant without one of them is as good a program as it can be without it, and a program to which
one is added is unchanged otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from automl_zero.analysis.studies.ablation_variants import Variant
from automl_zero.analysis.studies.additions import variant_text
from automl_zero.program.library import library_program
from automl_zero.program.ops import op_number
from automl_zero.program.program import Instruction, Program
from automl_zero.program.program_edit import Line, constant_scalar, free_scalar, instruction_at, rewritten
from automl_zero.program.text import from_text

NOISE, BILINEAR, NORMALIZED, AVERAGED = "noisy inputs", "bilinear", "normalized gradients", "averaged weights"
OFFSET = "noisy inputs and their mean"


def known_variants(name: str) -> tuple[Variant, ...]:
    """Return the hand-written variants of a library program; most programs have none."""
    return _VARIANTS[name]() if name in _VARIANTS else ()


def _without_lines(program: Program, name: str, lines: Sequence[Line], note: str) -> Variant:
    return Variant(name, rewritten(program, dict.fromkeys(lines, ())), note)


def _with_constant(program: Program, line: Line, note: str) -> Variant:
    """Replace the norm of the gradient by a constant, which is tuned."""
    # Without the norm the step has another size; tuning the constant finds the best one.
    constant = constant_scalar(instruction_at(program, line).out, 1.0)
    return Variant(NORMALIZED, rewritten(program, {line: (constant,)}), note)


def _with_mean(program: Program, line: Line, note: str) -> Variant:
    """Replace the noise by its mean.

    The noise of the paper's program is not centered on 0, so that it shifts the features as well as spreading them.
    """
    # The data of a uniform draw are its bounds, whose mean is that of the draw.
    scalar, draw = free_scalar(program), instruction_at(program, line)
    mean = constant_scalar(scalar, sum(draw.data) / 2)
    spread = Instruction(op_number("scalar_broadcast"), scalar, out=draw.out)
    return Variant(NOISE, rewritten(program, {line: (mean, spread)}), note)


def _written(name: str, file: str, note: str) -> Variant:
    return Variant(name, from_text(variant_text(file)), note)


def _of_figure_6() -> tuple[Variant, ...]:
    program = library_program("figure_6")
    return (
        _with_mean(program, ("learn", 9), "v1 is always the mean of the noise"),
        _without_lines(program, OFFSET, [("learn", 9)], "v1 stays 0"),
        _written(BILINEAR, "figure_6_linear", "a linear model, all else as it was"),
        _with_constant(program, ("learn", 2), "the norm becomes a constant"),
        _without_lines(program, AVERAGED, [("predict", 4), ("learn", 7)], "predicts with the latest weights"),
    )


def _of_figure_6_pruned() -> tuple[Variant, ...]:
    program = library_program("figure_6_pruned")
    return (
        _with_mean(program, ("learn", 8), "v9 is always the mean of the noise"),
        _without_lines(program, OFFSET, [("learn", 8)], "v9 stays 0"),
        _written(BILINEAR, "figure_6_pruned_linear", "a linear model, all else as it was"),
        _with_constant(program, ("learn", 3), "the norm becomes a constant"),
        _without_lines(program, AVERAGED, [("predict", 3), ("learn", 10)], "predicts with the latest weights"),
    )


def _of_logistic_regression() -> tuple[Variant, ...]:
    return (
        _written(f"with {NOISE}", "logistic_noise", "v0 + v4, drawn for every example"),
        _written(f"with {BILINEAR}", "logistic_bilinear", "weights for products of features are learned, too"),
        _written(f"with {NORMALIZED}", "logistic_normalized", "divided by the norm of the features"),
        _written(f"with {AVERAGED}", "logistic_averaged", "validates with the sum of all weights so far"),
    )


def _of_two_layer_net() -> tuple[Variant, ...]:
    return (
        _written(f"with {NOISE}", "net_noise", "v0 + v10, drawn for every example"),
        _written(f"with {NORMALIZED}", "net_normalized", "divided by the norm of the features"),
        _written(f"with {AVERAGED}", "net_averaged", "validates with a running mean of all weights"),
    )


_VARIANTS: Mapping[str, Callable[[], tuple[Variant, ...]]] = MappingProxyType(
    {
        "figure_6": _of_figure_6,
        "figure_6_pruned": _of_figure_6_pruned,
        "logistic_regression": _of_logistic_regression,
        "two_layer_net": _of_two_layer_net,
    }
)
