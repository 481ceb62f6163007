"""Which known techniques a program uses.

Every detector looks at structure or behaviour, most at both, so that addresses and order do not matter. Where one is in
doubt, it finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from automl_zero.analysis.dataflow.findings import TECHNIQUES, Finding
from automl_zero.analysis.techniques.architectures import bias, bilinear, linear_model, relu, two_layer_net
from automl_zero.analysis.techniques.learning import (
    back_propagation,
    gradient_descent,
    gradient_normalization,
    learning_rate_decay,
    learning_rate_from_weights,
)
from automl_zero.analysis.techniques.program_view import Detector, view_of
from automl_zero.analysis.techniques.regularization import loss_clipping, weight_averaging, weight_decay
from automl_zero.analysis.techniques.stochastic import noise_injection, noisy_relu
from automl_zero.program.program import Program
from automl_zero.tasks.task import Loss

DETECTORS: tuple[Detector, ...] = (
    linear_model, bias, relu, two_layer_net, bilinear, gradient_descent, back_propagation, gradient_normalization,
    loss_clipping, weight_averaging, weight_decay, noise_injection, noisy_relu, learning_rate_decay,
    learning_rate_from_weights,
)  # fmt: skip


def detect(program: Program, multiclass: bool = False, *, loss: Loss | None = None) -> tuple[Finding, ...]:
    """Find the techniques of ``TECHNIQUES`` that a program uses, in the order of the table.

    Args:
        program: any program; what has no effect is not looked at, and lines keep their numbers.
        multiclass: whether label and prediction are the vectors v1 and v2.
        loss: by what it is judged; where it is not told, by either, so that gradient descent may be found on both.
    """
    view = view_of(program, multiclass, loss)
    with np.errstate(all="ignore"):
        return _sorted(finding for detect in DETECTORS for finding in detect(view))


def technique_names(program: Program, multiclass: bool = False, *, loss: Loss | None = None) -> tuple[str, ...]:
    """The names of the techniques that ``detect`` finds, each once, in the order of the table."""
    return tuple(dict.fromkeys(finding.technique for finding in detect(program, multiclass, loss=loss)))


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    order = list(TECHNIQUES)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.technique)))
