"""The sections of a config, except for those about tasks: each key with its range and its default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from automl_zero.config.config_error import shown
from automl_zero.config.paths import RANDOM
from automl_zero.config.search_tables import Mutation, SearchMethod
from automl_zero.errors import warn_renamed
from automl_zero.program.ops import LEARN_OPS, PREDICT_OPS, SETUP_OPS

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters and lone surrogates
MAX_INT = (1 << 63) - 1  # the largest integer that compiled code takes
MAX_DOTS = 300  # in a line or a text, since the time of the parser grows with their square

Count = Annotated[int, Field(ge=0, le=MAX_INT)]
Positive = Annotated[int, Field(ge=1, le=MAX_INT)]
Repetitions = Annotated[int, Field(ge=1, le=1_000_000)]  # of work for a single candidate
Fraction = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[int, Field(ge=0, le=10_000)]
Sizes = tuple[Size, Size, Size]
OpNames = tuple[Annotated[int, Field(ge=-MAX_INT, le=MAX_INT)] | str, ...]  # ops by number or name


class Section(BaseModel):
    """A section of a config: immutable, without unknown keys, and with printable text only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    renamed: ClassVar[Mapping[str, str]] = {}  # old names of keys, which are read for one release, and the new names

    @model_validator(mode="before")
    @classmethod
    def _read_renamed(cls, values: Any) -> Any:
        """Accept a key by its old name, with a warning; a section with both names is refused."""
        return cls.with_new_names(values) if isinstance(values, dict) else values

    @classmethod
    def with_new_names(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values of a section with new names in place of old ones, and warn of each.

        Raises:
            ValueError: a key is set by its old and by its new name.
        """
        for old, new in cls.renamed.items():
            if old in values:
                if new in values:
                    raise ValueError(f"{old} is the old name of {new}, and both are set: leave out {old}")
                warn_renamed(old, new)
                values = {new if name == old else name: value for name, value in values.items()}
        return values

    @model_validator(mode="before")
    @classmethod
    def _none_unsets(cls, values: Any) -> Any:
        """Replace "none" by None for keys that are set by default and may be unset, since TOML has no null."""
        if not isinstance(values, dict):
            return values
        unset = {name: None for name, value in values.items() if value == "none" and cls._is_set_by_default(name)}
        return values | unset

    @model_validator(mode="before")
    @classmethod
    def _text_is_text(cls, values: Any) -> Any:
        """Refuse text that controls a terminal, or cannot be written to a file, such as a file name outside UTF-8."""
        for name, value in values.items() if isinstance(values, dict) else ():
            for text in value if isinstance(value, list | tuple) else (value,):
                if isinstance(text, str) and CONTROL.search(text):
                    raise ValueError(f"{name} = {shown(text)} is not plain text: leave out what cannot be printed")
                if isinstance(text, str) and text.count(".") > MAX_DOTS:
                    raise ValueError(f"{name} = {shown(text)} has more than {MAX_DOTS} dots: use fewer")
        return values

    @classmethod
    def _is_set_by_default(cls, name: str) -> bool:
        """Return whether a key may be unset, but has a value by default."""
        field = cls.model_fields.get(name)
        return field is not None and field.default is not None and type(None) in get_args(field.annotation)


class MemoryConfig(Section):
    """The number of memory addresses of each type."""

    scalars: Annotated[int, Field(ge=2, le=64)] = 8
    vectors: Annotated[int, Field(ge=1, le=64)] = 14
    matrices: Annotated[int, Field(ge=0, le=64)] = 3


class ProgramConfig(Section):
    """The ops that each component function may contain, by number or name, and its sizes in instructions.

    ``initial`` is the program that the population begins with: ``empty``, ``random`` (filled up to ``max_sizes``), the
    name of a library program, a file of program text, or a run folder, whose best program it is; or a list of such
    programs, which the population repeats. With ``tune_initial`` above 0, the constants of each are tuned first, with
    so many trials on the search tasks of the first experiment. A component function without ops is never mutated. With
    graph mutations (``mutation.graph_share``), both ``empty`` and ``random`` give valid programs, which are made by
    mutating the empty one.
    """

    setup_ops: OpNames = SETUP_OPS
    predict_ops: OpNames = PREDICT_OPS
    learn_ops: OpNames = LEARN_OPS
    min_sizes: Sizes = (0, 0, 0)
    max_sizes: Sizes = (21, 21, 45)
    initial: str | Annotated[tuple[str, ...], Field(min_length=1)] = "empty"
    tune_initial: Count = 0

    @model_validator(mode="after")
    def _sizes_are_ordered(self) -> ProgramConfig:
        for name, least, most in zip(("setup", "predict", "learn"), self.min_sizes, self.max_sizes, strict=True):
            if least > most:
                raise ValueError(f"the smallest size of {name}, {least}, is above the largest, {most}")
        return self

    @model_validator(mode="after")
    def _random_stands_alone(self) -> ProgramConfig:
        if isinstance(self.initial, tuple) and RANDOM in self.initial:
            raise ValueError(f"initial = {list(self.initial)} has '{RANDOM}' in a list: use it alone, or leave it out")
        return self

    @property
    def initial_names(self) -> tuple[str, ...]:
        """The initial programs, as a tuple even if there is one."""
        return (self.initial,) if isinstance(self.initial, str) else self.initial


class MutationConfig(Section):
    """How children differ from their parents.

    A child is mutated with probability ``prob``. ``table`` selects the weights of the mutations and how a constant
    changes. ``paper``: it is multiplied by U[0.5, 2], and its sign flips in one of ten cases (supplement S3);
    ``released``: its sign flips in one of ten cases, otherwise it is multiplied by exp(N(0, 1)). ``weights`` replaces
    the weights of the table. A share ``graph_share`` of the mutations changes the program's graph instead, and only to
    a valid one (Mishima and Ono 2025): what Learn changes, it makes from the old value. With ``register_share`` above
    0, graphs may have registers, too, which Learn recomputes at every example (noise, norms, weights made of others),
    and Predict may leave other values in what Learn changes; that share of new updates makes a register.

    A child that is in the cache already, or whose code shows that it cannot learn, is replaced by another mutation of
    its parent, up to ``max_attempts`` in total; a share ``neutral_share`` of the children is exempt from this.
    """

    renamed = {"attempts": "max_attempts", "drift": "neutral_share"}

    prob: Fraction = 0.9
    table: Literal["paper", "released"] = "paper"
    weights: dict[Mutation, Annotated[float, Field(ge=0)]] = {}
    graph_share: Fraction = 0.0
    register_share: Fraction = 0.0
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
    """The search method, and the population that it works on.

    Fitness is compared in whole steps of ``fitness_resolution`` (0: every difference counts). With ``parsimony``, the
    program with fewer live instructions wins among equals, and one that is as fit as a shorter one is not rare.
    ``regularized-evolution`` selects parents by tournaments of ``tournament_size`` members. ``minimal-generation-gap``
    has no tournament: two random members have ``children``, and are replaced by the fittest of this family and by one
    that is fit or has a rare structure, weighted by ``rarity``.
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

    Fitness is the ``combination`` over the tasks. A task stops early if an error exceeds ``max_abs_error``. A program
    whose cost is more than ``cost_limit`` times that of the two-layer net has fitness 0 and is not run (0: no limit).
    With ``reject_unlearnable``, so does a program whose code shows that it cannot learn.

    Scores are cached for ``cache_size`` programs of each island (0: no cache), by the code of a program and by its
    fingerprint: its predictions on ``fingerprint_train`` and ``fingerprint_valid`` examples, by which functionally
    equal programs are recognised (0 train examples: no fingerprints).

    ``epochs``: ``best`` validates after every epoch, and the best result counts, as in the paper; ``last`` validates
    after the last epoch only, which takes less time and does not reward luck.

    A hurdle is a short evaluation on ``hurdle_train`` and ``hurdle_valid`` examples (0 train examples: no hurdle). Its
    score is final, unless it reaches the ``hurdle_quantile`` of the distinct scores among the latest 100; only then is
    the program evaluated on all examples. With ``screening_tasks`` (0: none; in multiples of 16), the hurdle is instead
    an evaluation on so many of the search tasks, the first ones, with all their examples. A program that passes is
    evaluated on the others, and its score there is the one that counts: luck on the first ones has no part in it. A
    program that does not pass has half its score, so that those that pass come first.

    The cached score of a program that draws random numbers expires after ``forget_after`` uses (0: never), so that a
    lucky score does not last: the program runs again, with other noise. Its score is then the mean over its
    evaluations; beyond ``evaluations`` of them, it is a moving average in which each new one has the weight
    1 / ``evaluations`` (1: only the latest counts).

    With ``factored_matrices``, programs with matrices are evaluated outside of the search with sums of outer products
    in place of elements, which takes a fraction of the time from some hundred features on. The scores are the same but
    for rounding, which depends on the machine.
    """

    renamed = {"must_learn": "reject_unlearnable"}

    combination: Literal["mean", "median"] = "median"
    max_abs_error: Annotated[float, Field(gt=0)] = 100.0
    cost_limit: Annotated[float, Field(ge=0)] = 2.0
    epochs: Literal["best", "last"] = "best"
    fingerprint_train: Count = 10
    fingerprint_valid: Count = 10
    cache_size: Annotated[int, Field(ge=0, le=1 << 24)] = 100_000
    forget_after: Count = 0
    evaluations: Positive = 1
    hurdle_train: Count = 0
    hurdle_valid: Positive = 100
    hurdle_quantile: Fraction = 0.75
    screening_tasks: Annotated[int, Field(ge=0, multiple_of=16)] = 0
    reject_unlearnable: bool = False
    factored_matrices: bool = False

    @model_validator(mode="after")
    def _means_need_forgetting(self) -> EvaluationConfig:
        if self.evaluations > 1 and self.forget_after == 0:
            raise ValueError(
                f"evaluations = {self.evaluations} needs forget_after above 0, or no program is evaluated again: use "
                "forget_after = 100, or evaluations = 1"
            )
        return self

    @model_validator(mode="after")
    def _one_hurdle(self) -> EvaluationConfig:
        if self.screening_tasks and self.hurdle_train:
            raise ValueError(
                f"screening_tasks = {self.screening_tasks} and hurdle_train = {self.hurdle_train} exclude each other, "
                "since screening is a hurdle: use 0 for one of them"
            )
        return self


class ExperimentConfig(Section):
    """The limits of one experiment, after which its best program enters the select stage; unset limits do not apply.

    ``concurrent`` experiments run at the same time, in threads or on a cluster: all do one epoch, then all the next,
    without migration between them. When one ends, the next begins, up to ``stop.max_experiments``. The result of an
    experiment depends on its number and the seed, not on the other experiments. The limits of the run apply to the sum
    over all experiments, and are checked after each epoch; when one is reached, all experiments end, and their programs
    compete. If ``resume`` raises ``stop.max_experiments``, the further experiments have the results that they would
    have had in one run.
    """

    renamed = {"at_once": "concurrent"}

    concurrent: Annotated[int, Field(ge=1, le=1000)] = 1
    max_programs: Positive | None = None
    max_train_steps: Positive | None = None
    target_fitness: Fraction | None = None
    patience: Positive | None = None


BaselineName = Literal["linear", "mlp", "gradient-descent", "net", "figure-6"]  # rows of ``run.scoring.baselines``


class BaselinesConfig(Section):
    """The known algorithms that the result is compared with, each tuned on the select tasks with ``trials`` settings.

    ``linear``: scikit-learn's logistic or ridge regression; ``mlp``: its multilayer perceptron; ``gradient-descent``
    and ``net``: the library's linear model and two-layer net; ``figure-6``: the algorithm that the paper evolved,
    untuned. Those that do not support a kind of tasks are left out.
    """

    names: tuple[BaselineName, ...] = ("linear", "net")
    trials: Repetitions = 30


class StopConfig(Section):
    """The limits of the run; unset limits do not apply. ``target_fitness`` refers to the select stage.

    Limits are checked after each epoch. ``max_programs`` shortens the last epoch, so that at most one program for each
    island, or one family, is made beyond it. ``max_seconds`` bounds the whole run, including the choice on the select
    tasks, the final score and the baselines, for which a part of it is reserved; compilation does not count. An epoch
    that would exceed it by more than a twentieth is interrupted: its programs count, but ``resume`` repeats it.
    """

    max_experiments: Positive | None = 1
    max_programs: Positive | None = None
    max_train_steps: Positive | None = None
    max_seconds: Annotated[float, Field(gt=0)] | None = None
    target_fitness: Fraction | None = None


class CheckpointConfig(Section):
    """When checkpoints are written, from which ``resume`` continues; this changes no result.

    A checkpoint is written at the end of an epoch, ``every_epochs`` epochs or ``every_seconds`` seconds after the one
    before, whichever comes first; and when the search begins and ends. The latest ``keep`` remain (0: none is written).
    """

    every_epochs: Positive | None = None
    every_seconds: Annotated[float, Field(gt=0)] | None = 30.0
    keep: Count = 2
