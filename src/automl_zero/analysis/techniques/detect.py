"""Detection of the known techniques that a program uses.

Every detector looks at structure or behaviour, most at both, so that addresses and the order of lines do not matter.
A detector in doubt finds nothing.
"""

from __future__ import annotations

import numpy as np

from automl_zero.analysis.dataflow.findings import Evidence, Finding
from automl_zero.analysis.techniques.knock_out import ablation
from automl_zero.analysis.techniques.program_view import view_of
from automl_zero.analysis.techniques.registry import TECHNIQUES
from automl_zero.program.program import Program
from automl_zero.program.program_edit import Rewrite
from automl_zero.tasks.task import Loss


def detect(program: Program, multiclass: bool = False, *, loss: Loss | None = None) -> tuple[Finding, ...]:
    """Find the techniques that a program uses, in the order of the registry.

    Args:
        program: any program; instructions without effect are ignored, and lines keep their numbers.
        multiclass: whether label and prediction are the vectors v1 and v2.
        loss: the loss of the tasks; None probes the program for both, so that gradient descent may be found on either.

    Example:
        >>> [finding.technique for finding in detect(library_program("linear_regression"), loss=Loss.RMSE)]
        ['linear model', 'gradient descent on squared loss']
    """
    view = view_of(program, multiclass, loss)
    with np.errstate(all="ignore"):
        return tuple(
            Finding(row.name, evidence.lines, evidence.note, _knock_out(program, evidence))
            for row in TECHNIQUES.values()
            for evidence in row.detector(view)
        )


def technique_names(program: Program, multiclass: bool = False, *, loss: Loss | None = None) -> tuple[str, ...]:
    """Return the names of the techniques that ``detect`` finds, each once, in the order of the registry."""
    return tuple(dict.fromkeys(finding.technique for finding in detect(program, multiclass, loss=loss)))


def _knock_out(program: Program, evidence: Evidence) -> Rewrite:
    return ablation(program, evidence.lines) if evidence.knock_out is None else evidence.knock_out
