"""Findings: which technique a program uses, and which of its lines show it.

A finding refers to the program by line; it copies nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from automl_zero.program.program import Instruction
from automl_zero.program.program_edit import Line, Rewrite


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a detector reports: lines that show its technique, and how.

    Attributes:
        lines: the lines, in program order.
        note: the details in this program in a few words, such as addresses or measured values.
        knock_out: what takes the place of lines in a program without the technique; None for ablated lines, empty if no
            program without it is known.
    """

    lines: tuple[Line, ...]
    note: str
    knock_out: Rewrite | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A technique in a program.

    Attributes:
        technique: its name in ``techniques.registry.TECHNIQUES``.
        lines: the lines that show it, in program order.
        note: the details in this program in a few words, such as addresses or measured values.
        knock_out: what takes the place of lines in a program without the technique; empty if none is known.
    """

    technique: str
    lines: tuple[Line, ...]
    note: str
    knock_out: Rewrite = field(default_factory=dict, hash=False)


def technique_lines(findings: Sequence[Finding]) -> Mapping[str, tuple[Line, ...]]:
    """Return for each technique that was found all lines that show it."""
    # A dict is used as an ordered set.
    lines: dict[str, dict[Line, None]] = {}
    for finding in findings:
        lines.setdefault(finding.technique, {}).update(dict.fromkeys(finding.lines))
    return MappingProxyType({technique: tuple(each) for technique, each in lines.items()})


def technique_knock_outs(findings: Sequence[Finding]) -> Mapping[str, Rewrite]:
    """Return for each technique that was found what takes the place of lines in a program without it."""
    rewrites: dict[str, dict[Line, tuple[Instruction, ...]]] = {}
    for finding in findings:
        rewrites.setdefault(finding.technique, {}).update(finding.knock_out)
    return MappingProxyType(dict(rewrites))


def comments(findings: Sequence[Finding]) -> Mapping[Line, str]:
    """Return the comment for each line: the techniques that it is part of, gradient descent without its loss."""
    at: dict[Line, list[str]] = {}
    for technique, lines in technique_lines(findings).items():
        for line in lines:
            # "gradient descent on squared loss" and "... on logistic loss" are the same lines: one comment for both.
            at.setdefault(line, []).append(technique.partition(" on ")[0])
    return MappingProxyType({line: ", ".join(dict.fromkeys(names)) for line, names in at.items()})
