"""The kinds of tasks, one row each, with all that config, command and reports need to know about them.

The function that builds the tasks of a kind stands under the same name in ``tasks.task_kinds.BUILDERS``, which is above
the config.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class KindFacts:
    """A kind of tasks.

    Attributes:
        description: one line for users.
        has_teacher: whether a known function makes the labels from random features.
        uses_images: whether examples are images of ``tasks.dataset``.
        uses_table: whether examples are rows of ``tasks.table``.
        allows_many_classes: whether there may be more than two classes.
        suite_sizes: sizes of each stage where the kind's name alone is given, if the defaults do not suit it.
    """

    description: str
    has_teacher: bool = False
    uses_images: bool = False
    uses_table: bool = False
    allows_many_classes: bool = False
    suite_sizes: Mapping[str, int] = field(default_factory=dict)


KINDS: Mapping[str, KindFacts] = MappingProxyType(
    {
        "linear": KindFacts("regression of u.x, with a random u in every task", has_teacher=True),
        "affine": KindFacts("regression of u.x + a, with random u and a in every task", has_teacher=True),
        "absolute": KindFacts("regression of |u.x|, with a random u in every task", has_teacher=True),
        "teacher-net": KindFacts("regression of u.relu(Mx), a random two-layer net in every task", has_teacher=True),
        "image-pairs": KindFacts(
            "images of one class against another, projected or not",
            uses_images=True,
            suite_sizes={"num_train": 200, "num_valid": 50},  # a pair of digits has too few images for the defaults
        ),
        "image-groups": KindFacts(
            "images, their classes in random groups, projected or not", uses_images=True, allows_many_classes=True
        ),
        "table": KindFacts(
            "a table of your own: regression or classification", uses_table=True, allows_many_classes=True
        ),
    }
)
