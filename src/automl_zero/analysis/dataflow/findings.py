"""What an analysis finds in a program, and the techniques that it can find: one row each.

A finding names a row of the table, and the lines of the program that show it; it copies nothing of the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

Line = tuple[str, int]  # the component function ("setup", "predict" or "learn"), and the index in it


@dataclass(frozen=True, slots=True)
class Technique:
    """Something known in machine learning that a program may do.

    Attributes:
        name: its key in the table, and what reports call it.
        sentence: what a program that has it does.
        source: where the paper tells of it.
    """

    name: str
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A technique in a program.

    Attributes:
        technique: the name of a row of ``TECHNIQUES``.
        lines: where it is to be seen, in the order of the program.
        note: what it is here, in a few words: the addresses, what was measured.
    """

    technique: str
    lines: tuple[Line, ...]
    note: str


_ROWS = (
    Technique(
        "linear model",
        "The prediction is a dot product of the features with learnt weights.",
        "paper section 4.2, figure 6: the first step of the evolution",
    ),
    Technique("bias", "A learnt number is added to a sum of weighted values.", "paper section 4.1: the affine tasks"),
    Technique(
        "gradient descent on squared loss",
        "Learn changes the weights against the gradient of the squared error.",
        "paper section 4.1: what is rediscovered on linear tasks",
    ),
    Technique(
        "gradient descent on logistic loss",
        "Learn changes the weights against the gradient of the logistic loss.",
        "paper section 4.2: the logistic baseline, and SGD in figure 6",
    ),
    Technique("ReLU", "Values below zero are replaced by zero.", "paper section 4.1, figure 5; section 4.2, figure 6"),
    Technique(
        "two-layer net",
        "The prediction is a weighted sum of a nonlinear function of weighted sums of the features.",
        "paper section 4.1, figure 5",
    ),
    Technique(
        "back-propagation",
        "The error goes back through the second layer, and the weights of the first are changed by it.",
        "paper section 4.1, figure 5",
    ),
    Technique(
        "bilinear interaction",
        "A matrix of weights stands between two vectors that are both made of the features.",
        "paper section 4.2, figure 6: multiplicative interactions",
    ),
    Technique(
        "gradient normalization",
        "The gradient is divided by a norm, so that the size of a step does not depend on that of the features.",
        "paper section 4.2, figure 6",
    ),
    Technique(
        "loss clipping", "The error is held between bounds before weights learn from it.", "paper section 4.2, figure 6"
    ),
    Technique(
        "weight averaging",
        "The weights of all steps are summed up, and predictions after the training are made with the sum.",
        "paper section 4.2, figure 6",
    ),
    Technique(
        "noise injection",
        "Random numbers, drawn anew for every example, are added to the features.",
        "paper section 4.2, figure 6: noisy inputs",
    ),
    Technique(
        "noisy ReLU",
        "Random numbers, drawn anew for every example, are added before a ReLU, or are its floor; akin to dropout.",
        "paper section 4.3, adaptation to few examples",
    ),
    Technique(
        "learning rate decay",
        "The factor by which errors change weights shrinks from step to step.",
        "paper section 4.3, adaptation to fast training",
    ),
    Technique(
        "learning rate from weights",
        "The factor by which errors change weights is computed from the weights.",
        "paper section 4.3, adaptation to many classes",
    ),
    Technique(
        "weight decay", "Weights shrink at every step, whatever the error.", "not in the paper: a common regularization"
    ),
)

TECHNIQUES: Mapping[str, Technique] = MappingProxyType({row.name: row for row in _ROWS})


def technique_lines(findings: Sequence[Finding]) -> Mapping[str, tuple[Line, ...]]:
    """For each technique that was found, all lines that show it."""
    lines: dict[str, dict[Line, None]] = {}
    for finding in findings:
        lines.setdefault(finding.technique, {}).update(dict.fromkeys(finding.lines))
    return MappingProxyType({technique: tuple(each) for technique, each in lines.items()})


def comments(findings: Sequence[Finding]) -> Mapping[Line, str]:
    """What to write at each line: the techniques that it is part of; of gradient descent, not on which loss."""
    at: dict[Line, list[str]] = {}
    for technique, lines in technique_lines(findings).items():
        for line in lines:
            at.setdefault(line, []).append(technique.partition(" on ")[0])
    return MappingProxyType({line: ", ".join(dict.fromkeys(names)) for line, names in at.items()})


def techniques_with_notes(findings: Sequence[Finding]) -> Iterator[tuple[Technique, str]]:
    """Each technique once, with all that is noted of it."""
    for name in dict.fromkeys(finding.technique for finding in findings):
        notes = dict.fromkeys(finding.note for finding in findings if finding.technique == name)
        yield TECHNIQUES[name], "; ".join(notes)
