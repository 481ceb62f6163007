"""Known techniques added to simple programs, each in a form that the paper or the field uses; one row each.

An added technique leaves the rest of the program as it is. Where a part of the form is a number, tuning finds it, so
the numbers here are only where it begins; shares are written so that multiplying them by factors makes sense (a decay
is ``s = s - share * s``, not ``s = 0.999 * s``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TypeAlias

from automl_zero.program.library import library_program
from automl_zero.program.program import COMPONENTS, Instruction, Program
from automl_zero.program.program_edit import Line, lines_of
from automl_zero.program.text import from_text

END = 99  # in place of the index of a line: after the last one
Inserted: TypeAlias = Mapping[Line, str]  # program lines by where they are inserted, before that line

LINEAR, NET, MULTICLASS = "logistic_regression", "two_layer_net", "multiclass_net"


@dataclass(frozen=True, slots=True)
class Addition:
    """A technique in one form, added to a program of the library.

    Attributes:
        technique: its name in ``techniques.registry.TECHNIQUES``.
        base: the name of the program that it is added to.
        form: how it is done there, in a few words.
        source: a file of ``variants`` with the whole program, or the lines that are inserted into the base.
    """

    technique: str
    base: str
    form: str
    source: str | Inserted

    @property
    def program(self) -> Program:
        """The base with the technique.

        Example:
            >>> len(ADDITIONS[0].program.learn) > len(library_program(ADDITIONS[0].base).learn)
            True
        """
        if isinstance(self.source, str):
            return from_text(variant_text(self.source))
        return _with_lines(library_program(self.base), self.source)


def variant_text(name: str) -> str:
    """Return the text of a program of ``variants``."""
    return (resources.files(__package__) / "variants" / f"{name}.txt").read_text(encoding="utf-8")


def _with_lines(program: Program, inserted: Inserted) -> Program:
    components: dict[str, list[Instruction]] = {component: [] for component in COMPONENTS}
    for line, instruction in lines_of(program):
        # What is inserted comes before the line, which keeps its place among the others.
        components[line[0]] += (*_instructions(inserted.get(line, ""), line[0]), instruction)
    for component, instructions in components.items():
        instructions += _instructions(inserted.get((component, END), ""), component)
    return Program(*map(tuple, components.values()))


def _instructions(text: str, component: str) -> tuple[Instruction, ...]:
    """Return the instructions of some lines, separated by semicolons, of a component function."""
    # A program is read as a whole, so the other component functions are there, and empty.
    parts = {name: text if name == component else "" for name in COMPONENTS}
    lines = (f"def {name.capitalize()}():\n" + "\n".join(parts[name].split(";")) for name in COMPONENTS)
    return tuple(from_text("\n".join(lines)).instructions())


def _decays(rate: str, base: str) -> tuple[Addition, ...]:
    """Return both forms of a decaying learning rate, of which one is the paper's (section 4.3 b)."""
    # A rate begins larger than that of the base, since arctan hardly changes a small one.
    arctan = {("setup", END): f"{rate} = 0.1", ("learn", 0): f"{rate} = arctan({rate})"}
    share = {("setup", END): "s9 = 0.001", ("learn", 0): f"s8 = s9 * {rate}; {rate} = {rate} - s8"}
    return (
        Addition("learning rate decay", base, "arctan of the rate", arctan),
        Addition("learning rate decay", base, "a share of the rate is taken away", share),
    )


ADDITIONS: tuple[Addition, ...] = (
    Addition("noise injection", LINEAR, "v0 + v4, drawn for every example", "logistic_noise"),
    Addition("bilinear interaction", LINEAR, "weights for products of features", "logistic_bilinear"),
    Addition("gradient normalization", LINEAR, "divided by the norm of the features", "logistic_normalized"),
    Addition("weight averaging", LINEAR, "validates with the sum of all weights so far", "logistic_averaged"),
    *_decays("s2", LINEAR),
    Addition(
        "weight decay",
        LINEAR,
        "a share of the weights is taken away",
        {("setup", END): "s9 = 0.0001", ("learn", 0): "v9 = s9 * v1; v1 = v1 - v9"},
    ),
    # The two-layer net: v2 and m0 are its weights, v5 is the zeros of the ReLU, s3 the learning rate.
    Addition("noise injection", NET, "v0 + v10, drawn for every example", "net_noise"),
    Addition("gradient normalization", NET, "divided by the norm of the features", "net_normalized"),
    Addition("weight averaging", NET, "validates with a running mean of all weights", "net_averaged"),
    *_decays("s3", NET),
    Addition("noisy ReLU", NET, "the floor is noise", {("learn", END): "v5 = gaussian(-0.5, 0.5, n_features)"}),
    Addition(
        "noisy ReLU",
        NET,
        "noise is added before it",
        {("predict", 2): "v3 = v3 + v10", ("learn", END): "v10 = gaussian(0, 0.4, n_features)"},
    ),
    Addition(
        "weight decay",
        NET,
        "a share of the weights is taken away",
        {
            ("setup", END): "s9 = 0.0001",
            ("learn", 0): "v9 = s9 * v2; v2 = v2 - v9; m2 = s9 * m0; m0 = m0 - m2",
        },
    ),
    # The net for many classes: m1 and m2 are its weights, v5 the zeros of the ReLU, s2 the learning rate.
    *_decays("s2", MULTICLASS),
    Addition(
        "learning rate from weights",
        MULTICLASS,
        "a multiple of the sine of the mean, as in the paper",
        {
            ("setup", END): "s9 = 1.0",
            ("learn", 0): "s3 = mean(m1); s3 = abs(s3); s3 = sin(s3); s2 = s9 * s3",
        },
    ),
    Addition(
        "learning rate from weights",
        MULTICLASS,
        "a multiple of the norm of the second layer",
        {("setup", END): "s9 = 0.001", ("learn", 0): "s3 = norm(m2); s2 = s9 * s3"},
    ),
    Addition("noisy ReLU", MULTICLASS, "the floor is noise", {("learn", END): "v5 = gaussian(-0.5, 0.5, n_features)"}),
    Addition(
        "weight decay",
        MULTICLASS,
        "a share of the weights is taken away",
        {
            ("setup", END): "s9 = 0.0001",
            ("learn", 0): "m4 = s9 * m2; m2 = m2 - m4; m4 = s9 * m1; m1 = m1 - m4",
        },
    ),
)
