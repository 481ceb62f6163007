"""The library of known programs: hand-written ones, and those that the paper shows.

They serve as baselines, as initial programs of a search, and as examples to read and to test with. Each is a file of
program text with comments, ``known/NAME.txt``; the table below describes it and gives its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from types import MappingProxyType

from automl_zero.program.program import Program, ProgramError
from automl_zero.program.text import from_text


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """A known program.

    Attributes:
        name: key in the library.
        description: the algorithm in one line.
        source: the section of the paper, or who wrote it.
        multiclass: whether the program is for more than two classes (label v1, prediction v2).
        binary: whether the program is for two classes only; others predict numbers as well.
    """

    name: str
    description: str
    source: str
    multiclass: bool = False
    binary: bool = False

    @property
    def text(self) -> str:
        """The program text, with comments."""
        return (resources.files(__package__) / "known" / f"{self.name}.txt").read_text(encoding="utf-8")


_ENTRIES = (
    LibraryEntry(
        "linear_regression",
        "Linear model without a bias, trained by gradient descent.",
        "published with the paper's code as LINEAR",
    ),
    LibraryEntry(
        "affine_regression",
        "Linear model with a bias, trained by gradient descent.",
        "reference of the affine tasks in paper section 4.1, written here",
    ),
    LibraryEntry(
        "logistic_regression",
        "The instructions of linear_regression at a learning rate for two-class tasks.",
        "baseline of paper section 4.2, written here",
        binary=True,
    ),
    LibraryEntry(
        "two_layer_net",
        "Two-layer ReLU network with biases, trained by gradient descent.",
        "published with the paper's code as NEURAL_NET; baseline of paper section 4.2",
    ),
    LibraryEntry(
        "figure_5",
        "Evolved on teacher networks: a two-layer network, and back-propagation in an approximate form.",
        "paper section 4.1, figure 5",
    ),
    LibraryEntry(
        "figure_6_raw",
        "The best program evolved on two-class CIFAR-10, as the search left it.",
        "paper supplement, figure S1a; constants rounded",
        binary=True,
    ),
    LibraryEntry(
        "figure_6_pruned",
        "figure_6_raw without the instructions that have no effect.",
        "paper supplement, figure S1b; constants rounded",
        binary=True,
    ),
    LibraryEntry(
        "figure_6",
        "figure_6_raw cleaned by hand: noisy inputs, bilinear, normalized gradients, averaged weights.",
        "paper section 4.2, figure 6, the learning rate moved from s3 to s4",
        binary=True,
    ),
    LibraryEntry(
        "noisy_relu",
        "Adaptation to few examples: a two-layer network whose ReLU is noisy.",
        "essential lines of paper section 4.3 (a); the first weights are added here",
        binary=True,
    ),
    LibraryEntry(
        "learning_rate_decay",
        "Adaptation to fast training: a two-layer network whose learning rate shrinks by arctan.",
        "essential lines of paper section 4.3 (b), put into two_layer_net here",
        binary=True,
    ),
    LibraryEntry(
        "multiclass_net",
        "Two-layer ReLU network with biases for many classes, trained by gradient descent.",
        "baseline of the ten-class tasks in paper section 4.3, written here",
        multiclass=True,
    ),
    LibraryEntry(
        "multiclass_mean_learning_rate",
        "Adaptation to ten classes: a two-layer network whose learning rate is the transformed mean of its weights.",
        "essential lines of paper section 4.3 (c), put into a network for many classes here",
        multiclass=True,
    ),
)

LIBRARY: Mapping[str, LibraryEntry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})


@cache
def library_program(name: str) -> Program:
    """Return a program of the library.

    ``logistic_regression`` differs from ``linear_regression`` in its learning rate alone. In both, the prediction is a
    dot product that the task normalizes: a task of two classes applies the sigmoid to it, and then the gradient of the
    logistic loss has the same form as that of the squared error without the sigmoid.

    Raises:
        ProgramError: there is no program of that name.
    """
    if name not in LIBRARY:
        raise ProgramError(f"no program of the library is called {name!r}: choose one of {', '.join(LIBRARY)}")
    return from_text(LIBRARY[name].text)


def linear(learning_rate: float) -> Program:
    """Return ``linear_regression``, which is ``logistic_regression`` with two classes, with another learning rate."""
    program = library_program("linear_regression")
    (rate,) = program.setup
    return replace(program, setup=(replace(rate, data=(float(learning_rate),)),))


def two_layer_net(learning_rate: float = 0.01, init_scale: float = 0.1, multiclass: bool = False) -> Program:
    """Return ``two_layer_net`` or ``multiclass_net`` with other constants.

    Args:
        learning_rate: of the gradient descent.
        init_scale: standard deviation of the initial weights.
        multiclass: whether to return the network for more than two classes.
    """
    program = library_program("multiclass_net" if multiclass else "two_layer_net")
    *weights, rate = program.setup
    drawn = (replace(instruction, data=(0.0, float(init_scale))) for instruction in weights)
    return replace(program, setup=(*drawn, replace(rate, data=(float(learning_rate),))))
