"""The sections of a config: every key of a run with its range and its default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from automl_zero.config.config_error import shown
from automl_zero.config.search_tables import Mutation, SearchMethod
from automl_zero.errors import warn_renamed
from automl_zero.program.ops import LEARN_OPS, PREDICT_OPS, SETUP_OPS

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters and lone surrogates
MOST = (1 << 63) - 1  # the largest integer that compiled code takes
MOST_DOTS = 300  # of a line or a text, since the parser takes time in the square of them

Count = Annotated[int, Field(ge=0, le=MOST)]
Positive = Annotated[int, Field(ge=1, le=MOST)]
Repetitions = Annotated[int, Field(ge=1, le=1_000_000)]  # of what is done for a single candidate
Fraction = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[int, Field(ge=0, le=10_000)]
Sizes = tuple[Size, Size, Size]
OpNames = tuple[Annotated[int, Field(ge=-MOST, le=MOST)] | str, ...]


class Section(BaseModel):
    """A part of a config: frozen, without unknown keys, and with text that can be printed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    renamed: ClassVar[Mapping[str, str]] = {}  # keys of the release before, which are still read, and their new names

    @model_validator(mode="before")
    @classmethod
    def _read_renamed(cls, values: Any) -> Any:
        """Read a key by its old name, with a warning; a section that has both names is refused."""
        if not isinstance(values, dict):
            return values
        for old in cls.renamed.keys() & values.keys():
            new = cls.renamed[old]
            if new in values:
                raise ValueError(f"{old} is the old name of {new}, and both are set: leave out {old}")
            warn_renamed(old, new)
            values = {new if name == old else name: value for name, value in values.items()}
        return values

    @model_validator(mode="before")
    @classmethod
    def _none_unsets(cls, values: Any) -> Any:
        """TOML has no null: there, "none" unsets what is set by default."""
        if not isinstance(values, dict):
            return values
        unset = {name: None for name, value in values.items() if value == "none" and cls._is_set_by_default(name)}
        return values | unset

    @model_validator(mode="before")
    @classmethod
    def _text_is_text(cls, values: Any) -> Any:
        """Text can be written to a file, which a name of a file that is not UTF-8 cannot, and commands no terminal."""
        for name, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, str) and CONTROL.search(value):
                raise ValueError(f"{name} = {shown(value)} is not plain text: leave out what cannot be printed")
            if isinstance(value, str) and value.count(".") > MOST_DOTS:
                raise ValueError(f"{name} = {shown(value)} has more than {MOST_DOTS} dots: use fewer")
        return values

    @classmethod
    def _is_set_by_default(cls, name: str) -> bool:
        """Whether the key may be unset, and is not if it is left out."""
        field = cls.model_fields.get(name)
        return field is not None and field.default is not None and type(None) in get_args(field.annotation)


class MemoryConfig(Section):
    """Numbers of addresses."""

    scalars: Annotated[int, Field(ge=2, le=64)] = 8
    vectors: Annotated[int, Field(ge=1, le=64)] = 14
    matrices: Annotated[int, Field(ge=0, le=64)] = 3


class ProgramConfig(Section):
    """What programs are made of: the op numbers or names of each component function, and sizes in instructions.

    ``initial`` is ``empty``, ``random`` (filled up to ``max_sizes``), the name of a library program, or a file of
    program text. A component function without ops is never mutated. Where mutations change graphs, both ``empty`` and
    ``random`` stand for valid programs that mutations of the empty one have given.
    """

    setup_ops: OpNames = SETUP_OPS
    predict_ops: OpNames = PREDICT_OPS
    learn_ops: OpNames = LEARN_OPS
    min_sizes: Sizes = (0, 0, 0)
    max_sizes: Sizes = (21, 21, 45)
    initial: str = "empty"

    @model_validator(mode="after")
    def _sizes_are_ordered(self) -> ProgramConfig:
        for name, least, most in zip(("setup", "predict", "learn"), self.min_sizes, self.max_sizes, strict=True):
            if least > most:
                raise ValueError(f"the smallest size of {name}, {least}, is above the largest, {most}")
        return self


class MutationConfig(Section):
    """How children differ from their parents.

    ``table`` decides the weights and how a constant changes. ``paper``: times U[0.5, 2], and its sign flips in one of
    ten cases (supplement S3); ``released``: its sign flips in one of ten cases, else times exp(N(0, 1)).
    ``weights`` replaces the table's weights.
    ``graph_share`` of the mutations change the program's graph instead, and only to a valid one (Mishima and Ono 2025).
    A child that is known already, or whose code shows that it cannot learn, is mutated anew from its parent, until
    ``max_attempts`` have been made; but for a share of the children, ``neutral_share``, which are taken as they are.
    """

    renamed = {"attempts": "max_attempts", "drift": "neutral_share"}

    prob: Fraction = 0.9
    table: Literal["paper", "released"] = "paper"
    weights: dict[Mutation, Annotated[float, Field(ge=0)]] = {}
    graph_share: Fraction = 0.0
    max_attempts: Repetitions = 1
    neutral_share: Fraction = 0.0

    @model_validator(mode="after")
    def _some_weight_is_positive(self) -> MutationConfig:
        if self.weights and not sum(self.weights.values()) > 0:
            raise ValueError("at least one mutation needs a weight above 0")
        if sum(self.weights.values()) == inf:
            raise ValueError("the weights have no finite sum: use smaller ones, since only their ratios count")
        return self


class SearchConfig(Section):
    """The population and how it moves on.

    In a tournament and in a family, fitness counts in whole steps of ``fitness_resolution`` (0: every difference
    counts). With ``parsimony``, of equals the program with fewer live instructions is the better one.
    With ``minimal-generation-gap``, there is no tournament: two random members have ``children``, and the fittest of
    the family and one that is fit or of a rare structure take their places; ``rarity`` weighs the latter.
    """

    method: SearchMethod = SearchMethod.REGULARIZED_EVOLUTION
    population_size: Annotated[int, Field(ge=2, le=1_000_000)] = 100
    tournament_size: Repetitions = 10
    fitness_resolution: Fraction = 0.0
    parsimony: bool = False
    children: Annotated[int, Field(ge=1, le=100_000)] = 100
    rarity: Fraction = 0.4


class EvaluationConfig(Section):
    """How a program is scored.

    ``cost_limit`` times the cost of the two-layer net is the most a program may cost, or its fitness is 0 without a
    run (0: no limit). ``fingerprint_train`` and ``fingerprint_valid`` are the examples that tell functionally equal
    programs apart (0 train examples: no fingerprints). ``cache_size`` is in programs, for each island (0: no cache).
    ``hurdle_train`` and ``hurdle_valid`` are the examples of a short evaluation (0 train examples: none). Its score
    stands, unless it is at least the ``hurdle_quantile`` of the different scores among the latest 100; only then is the
    program evaluated on all examples.
    The score of a program that draws random numbers is forgotten when it was known ``forget_after`` times (0: never):
    the program runs again, with other noise, so that luck does not last. Then the mean over the evaluations is known;
    beyond so many ``evaluations``, a new one counts as much as the last of them did (1: the latest stands alone).
    With ``reject_unlearnable``, a program whose code shows that it cannot learn has fitness 0 without a run.
    """

    renamed = {"must_learn": "reject_unlearnable"}

    combination: Literal["mean", "median"] = "median"
    max_abs_error: Annotated[float, Field(gt=0)] = 100.0
    cost_limit: Annotated[float, Field(ge=0)] = 2.0
    fingerprint_train: Count = 10
    fingerprint_valid: Count = 10
    cache_size: Annotated[int, Field(ge=0, le=1 << 24)] = 100_000
    forget_after: Count = 0
    evaluations: Positive = 1
    hurdle_train: Count = 0
    hurdle_valid: Positive = 100
    hurdle_quantile: Fraction = 0.75
    reject_unlearnable: bool = False

    @model_validator(mode="after")
    def _means_need_forgetting(self) -> EvaluationConfig:
        if self.evaluations > 1 and self.forget_after == 0:
            raise ValueError(
                f"evaluations = {self.evaluations} needs forget_after above 0, or no program is evaluated again: use "
                "forget_after = 100, or evaluations = 1"
            )
        return self


TEACHERS = ("linear", "affine", "absolute", "teacher-net")  # kinds of tasks whose labels a known function makes


class StageConfig(Section):
    """Size of the tasks of one stage."""

    num_tasks: Annotated[int, Field(ge=1, le=10_000)] = 8
    num_train: Positive = 1000
    num_valid: Positive = 100


def _none_is_a_projection(value: Any) -> Any:
    return "none" if value is None else value  # an override ``none`` unsets elsewhere


class TableConfig(Section):
    """The user's own data, for kind ``table``, whose rows are examples.

    ``path`` is a CSV, Parquet or NPZ file, ``sklearn:NAME`` (such as ``sklearn:wine``), or ``openml:NAME``,
    ``openml:NAME@VERSION`` or ``openml:ID``.
    ``target`` is the column to predict: classes, if it holds text or at most ten different whole numbers; else numbers.
    Tables of scikit-learn and OpenML have one of their own, and an NPZ file has ``x`` and ``y`` instead.
    ``projection``: every task sees the other columns through a ``random`` projection of its own, or a random ``subset``
    of them, ``num_features`` in number; or all as they are (``none``).
    ``resample``: a task's training rows are drawn without replacement (``split``), or with it (``bootstrap``).
    """

    path: str = ""
    target: str = ""
    projection: Annotated[Literal["random", "subset", "none"], BeforeValidator(_none_is_a_projection)] = "random"
    resample: Literal["split", "bootstrap"] = "split"


class TasksConfig(Section):
    """The habitat: what programs are scored on, in the stages search, select and final.

    ``dataset`` is that of the kinds ``image-pairs`` and ``image-groups``: a name that ``automl-zero data list`` tells,
    or an NPZ file of one's own. ``projection``: every task sees their images through a ``random`` projection of its own
    to ``num_features``; or all values of an image (``none``), which must be ``num_features`` in number.
    ``label_noise`` is the share of training labels that are replaced by another class,
    or, of numbers, the standard deviation of what is added to them, in standard deviations of the labels;
    ``feature_noise`` that of what is added to the training features. Validation stays clean.
    ``scale_spread`` is for teachers (linear, affine, absolute, teacher-net): the standard deviation of the logarithm of
    the factor by which each example is larger or smaller than the others.
    """

    kind: Literal["linear", "affine", "absolute", "teacher-net", "image-pairs", "image-groups", "table"] = (
        "image-groups"
    )
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
        if self.num_classes > 2 and self.kind not in ("image-groups", "table"):
            raise ValueError(
                f"num_classes = {self.num_classes} needs kind 'image-groups' or 'table', not '{self.kind}'"
            )
        if self.num_classes > 2 and self.num_features < self.num_classes:
            raise ValueError(
                f"num_features = {self.num_features} is too small for num_classes = {self.num_classes}: labels are "
                f"vectors of that size; use at least {self.num_classes} features or fewer classes"
            )
        return self


class ExperimentConfig(Section):
    """When one experiment ends and hands its best program to the select stage; unset limits do not apply.

    So many go on ``concurrent``, in threads or on a cluster: each does one epoch, then all do the next, and no program
    moves between them. One that ends gives its place to the next, while fewer than ``stop.max_experiments`` have
    begun. What an experiment finds depends on its number and the seed, not on those beside it. The run's limits look
    at the sum of all after each of these epochs; when one is reached, those that go on end, too, and their programs
    compete. Where ``resume`` raises ``stop.max_experiments``, further ones begin then, and find what they would have
    found.
    """

    renamed = {"at_once": "concurrent"}

    concurrent: Annotated[int, Field(ge=1, le=1000)] = 1
    max_programs: Positive | None = None
    max_train_steps: Positive | None = None
    target_fitness: Fraction | None = None
    patience: Positive | None = None


BaselineName = Literal["linear", "mlp", "gradient-descent", "net", "figure-6"]  # rows of ``run.scoring.baselines``


class BaselinesConfig(Section):
    """Known algorithms that the result is compared with, each tuned on the select tasks with ``trials`` settings.

    ``linear``: scikit-learn's logistic or ridge regression; ``mlp``: its multilayer perceptron; ``gradient-descent``
    and ``net``: the library's linear model and two-layer net; ``figure-6``: the algorithm that the paper evolved, as it
    is. Those that cannot do a kind of tasks are left out.
    """

    names: tuple[BaselineName, ...] = ("linear", "net")
    trials: Repetitions = 30


class StopConfig(Section):
    """When the run ends; unset limits do not apply. ``target_fitness`` is that of the select stage.

    Limits are looked at after each epoch. ``max_programs`` shortens the last one, so that no more are made than one for
    each island beyond it, or a family. ``max_seconds`` bounds the whole run, the choice on the select tasks, the final
    score and the baselines included, for which a part of it is left; compilation does not count. An epoch that would
    exceed it by more than a twentieth is cut: what it has found counts, but ``resume`` goes on from before it.
    """

    max_experiments: Positive | None = 1
    max_programs: Positive | None = None
    max_train_steps: Positive | None = None
    max_seconds: Annotated[float, Field(gt=0)] | None = None
    target_fitness: Fraction | None = None


class CheckpointConfig(Section):
    """When the state of the search is kept, from which ``resume`` goes on; none of this changes a result.

    At the end of an epoch, ``every_epochs`` epochs or ``every_seconds`` seconds after the last time, whichever comes
    first; and when the search begins and ends. The last ``keep`` are kept (0: none is ever written).
    """

    every_epochs: Positive | None = None
    every_seconds: Annotated[float, Field(gt=0)] | None = 30.0
    keep: Count = 2
