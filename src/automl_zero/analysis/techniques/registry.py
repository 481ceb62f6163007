"""The registry of techniques: one row each, with its detector.

Reports, the command line, the dashboard, docs and tests all derive from it. To add a technique, write its detector, a
function from a ``ProgramView`` to ``Evidence``, and add a row; ``tests/support/programs`` needs a program that has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from automl_zero.analysis.dataflow.findings import Finding
from automl_zero.analysis.techniques.architectures import bias, bilinear, linear_model, relu, two_layer_net
from automl_zero.analysis.techniques.learning import (
    back_propagation,
    gradient_descent,
    gradient_normalization,
    learning_rate_decay,
    learning_rate_from_weights,
)
from automl_zero.analysis.techniques.program_view import Detector
from automl_zero.analysis.techniques.regularization import loss_clipping, weight_averaging, weight_decay
from automl_zero.analysis.techniques.stochastic import noise_injection, noisy_relu


@dataclass(frozen=True, slots=True)
class Technique:
    """A known technique of machine learning.

    Attributes:
        name: its key in the registry, and its name in reports.
        description: what a program that uses it does, in a sentence.
        source: where the paper describes it.
        detector: yields a piece of evidence for each place where a program uses it.
        simplest: a program of the library for the same tasks without it, for two classes. Where a knock-out takes away
            the whole model, this program is the fairer comparison.
    """

    name: str
    description: str
    source: str
    detector: Detector
    simplest: str | None = None


_ROWS = (
    Technique(
        name="linear model",
        description="The prediction is a dot product of the features with learned weights.",
        source="paper section 4.2, figure 6: the first step of the evolution",
        detector=linear_model,
    ),
    Technique(
        name="bias",
        description="A learned number is added to a sum of weighted values.",
        source="paper section 4.1: the affine tasks",
        detector=bias,
    ),
    Technique(
        name="gradient descent on squared loss",
        description="Learn changes the weights against the gradient of the squared error.",
        source="paper section 4.1: what is rediscovered on linear tasks",
        detector=partial(gradient_descent, loss="squared"),
    ),
    Technique(
        name="gradient descent on logistic loss",
        description="Learn changes the weights against the gradient of the logistic loss.",
        source="paper section 4.2: the logistic baseline, and SGD in figure 6",
        detector=partial(gradient_descent, loss="logistic"),
    ),
    Technique(
        name="ReLU",
        description="Values below zero are replaced by zero.",
        source="paper section 4.1, figure 5; section 4.2, figure 6",
        detector=relu,
    ),
    Technique(
        name="two-layer net",
        description="The prediction is a weighted sum of a nonlinear function of weighted sums of the features.",
        source="paper section 4.1, figure 5",
        detector=two_layer_net,
        simplest="logistic_regression",
    ),
    Technique(
        name="back-propagation",
        description="The error is propagated back through the second layer, and changes the weights of the first.",
        source="paper section 4.1, figure 5",
        detector=back_propagation,
    ),
    Technique(
        name="bilinear interaction",
        description=(
            "The prediction multiplies two vectors that are both computed from the features, with a weight matrix "
            "between."
        ),
        source="paper section 4.2, figure 6: multiplicative interactions",
        detector=bilinear,
        simplest="logistic_regression",
    ),
    Technique(
        name="gradient normalization",
        description=(
            "The gradient is divided by a norm, so that the size of a step does not depend on that of the features."
        ),
        source="paper section 4.2, figure 6",
        detector=gradient_normalization,
    ),
    Technique(
        name="loss clipping",
        description="The error is clipped to bounds before weights learn from it.",
        source="paper section 4.2, figure 6",
        detector=loss_clipping,
    ),
    Technique(
        name="weight averaging",
        description="The weights of all steps are summed up, and predictions after the training are made with the sum.",
        source="paper section 4.2, figure 6",
        detector=weight_averaging,
    ),
    Technique(
        name="noise injection",
        description="Random numbers, drawn for every example, are added to the features.",
        source="paper section 4.2, figure 6: noisy inputs",
        detector=noise_injection,
    ),
    Technique(
        name="noisy ReLU",
        description=(
            "Random numbers, drawn for every example, are added before a ReLU, or are its floor; akin to dropout."
        ),
        source="paper section 4.3, adaptation to few examples",
        detector=noisy_relu,
    ),
    Technique(
        name="learning rate decay",
        description="The factor by which errors change weights shrinks from step to step.",
        source="paper section 4.3, adaptation to fast training",
        detector=learning_rate_decay,
    ),
    Technique(
        name="learning rate from weights",
        description="The factor by which errors change weights is computed from the weights.",
        source="paper section 4.3, adaptation to many classes",
        detector=learning_rate_from_weights,
    ),
    Technique(
        name="weight decay",
        description="Weights shrink at every step, whatever the error.",
        source="not in the paper: a common regularization",
        detector=weight_decay,
    ),
)

TECHNIQUES: Mapping[str, Technique] = MappingProxyType({row.name: row for row in _ROWS})


def techniques_with_notes(findings: Sequence[Finding]) -> Iterator[tuple[Technique, str]]:
    """Yield each technique that was found once, with the notes of all its findings."""
    for name in dict.fromkeys(finding.technique for finding in findings):
        notes = dict.fromkeys(finding.note for finding in findings if finding.technique == name)
        yield TECHNIQUES[name], "; ".join(notes)
