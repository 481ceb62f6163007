"""The sections of a config about tasks: what programs are scored on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from automl_zero.config.sections import Fraction, Positive, Section
from automl_zero.config.task_kind_facts import KINDS

if TYPE_CHECKING:  # derived from the table of kinds
    KindName = str
else:
    KindName = Literal[tuple(KINDS)]

TEACHERS = [name for name, kind in KINDS.items() if kind.has_teacher]
FOR_MANY_CLASSES = [name for name, kind in KINDS.items() if kind.allows_many_classes]


class StageConfig(Section):
    """The number of tasks of a stage, and of training and validation examples in each."""

    num_tasks: Annotated[int, Field(ge=1, le=10_000)] = 8
    num_train: Positive = 1000
    num_valid: Positive = 100


def _none_is_a_projection(value: Any) -> Any:
    return "none" if value is None else value  # for other keys, an override ``none`` means unset


class TableConfig(Section):
    """A table of the user, for kind ``table``; its rows are examples.

    ``path`` is a CSV, Parquet or NPZ file, ``sklearn:NAME`` (such as ``sklearn:wine``), or ``openml:NAME``,
    ``openml:NAME@VERSION`` or ``openml:ID``. ``target`` is the column to predict: it gives classes if it contains text
    or at most ten different whole numbers, otherwise numbers. Tables of scikit-learn and OpenML have a default target,
    and an NPZ file has arrays ``x`` and ``y`` instead.

    ``projection``: each task has its own ``random`` projection of the other columns to ``num_features``, or a random
    ``subset`` of that many columns, or all columns unchanged (``none``). ``resample``: the training rows of a task are
    drawn without replacement (``split``) or with it (``bootstrap``).
    """

    path: str = ""
    target: str = ""
    projection: Annotated[Literal["random", "subset", "none"], BeforeValidator(_none_is_a_projection)] = "random"
    resample: Literal["split", "bootstrap"] = "split"


class TasksConfig(Section):
    """The tasks that programs are scored on, in the stages search, select and final.

    ``kind`` is the kind of the tasks, as ``automl-zero tasks list`` shows them. Kinds of images use ``dataset``: a name
    that ``automl-zero data list`` shows, or an NPZ file of the user. ``projection``: each task has its own ``random``
    projection of the images to ``num_features``, or all values of an image (``none``), which must then be
    ``num_features``.

    ``label_noise`` is the share of training labels that are replaced by another class; for numbers, it is the standard
    deviation of the noise added to them, in standard deviations of the labels. ``feature_noise`` is the standard
    deviation of the noise added to training features. Validation examples have no noise. ``scale_spread`` is for kinds
    with a teacher, a known function that makes the labels: each example is scaled by a random factor, and this is the
    standard deviation of its logarithm.
    """

    kind: KindName = "image-groups"
    dataset: str = "digits"
    projection: Annotated[Literal["random", "none"], BeforeValidator(_none_is_a_projection)] = "random"
    num_features: Annotated[int, Field(ge=1, le=4096)] = 16
    num_classes: Annotated[int, Field(ge=2, le=10)] = 2
    num_epochs: Positive = 1
    label_noise: Fraction = 0.0
    feature_noise: Annotated[float, Field(ge=0, le=1e9)] = 0.0
    scale_spread: Annotated[float, Field(ge=0, le=3)] = 0.0
    table: TableConfig = TableConfig()
    search: StageConfig = StageConfig()
    select: StageConfig = StageConfig()
    final: StageConfig = StageConfig()

    @model_validator(mode="after")
    def _only_teachers_are_scaled(self) -> TasksConfig:
        if self.scale_spread and self.kind not in TEACHERS:
            raise ValueError(
                f"scale_spread = {self.scale_spread} needs a kind with a teacher ({', '.join(TEACHERS)}), not "
                f"'{self.kind}': leave it at 0"
            )
        return self

    @model_validator(mode="after")
    def _classes_fit(self) -> TasksConfig:
        if self.num_classes > 2 and self.kind not in FOR_MANY_CLASSES:
            raise ValueError(
                f"num_classes = {self.num_classes} needs kind {' or '.join(map(repr, FOR_MANY_CLASSES))}, not "
                f"'{self.kind}'"
            )
        if self.num_classes > 2 and self.num_features < self.num_classes:
            raise ValueError(
                f"num_features = {self.num_features} is too small for num_classes = {self.num_classes}: labels are "
                f"vectors of that size; use at least {self.num_classes} features or fewer classes"
            )
        return self
