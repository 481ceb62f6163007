"""Every knob of a run, with its limits; presets and files are TOML of this shape.

A config is frozen and complete: together with the seed in it, it determines every result of a run. Only
``stop.max_seconds`` depends on the clock, and it decides no more than when a run ends.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from importlib import resources
from itertools import islice
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import tomli_w
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model, model_validator

from automl_zero.places import settle
from automl_zero.safe_files import UnsafeFileError, read_regular

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # what commands a terminal, or is half a sign
MOST = (1 << 63) - 1  # of a whole number, so that compiled code can take it
LONGEST = 1 << 22  # bytes of a file; and dots of a line or a text, since the parser takes time in the square of them:
MOST_DOTS = 300
SHOWN, MOST_FAULTS = 200, 20  # characters of a faulty value, and faults that are told at once

Count = Annotated[int, Field(ge=0, le=MOST)]
Positive = Annotated[int, Field(ge=1, le=MOST)]
Repetitions = Annotated[int, Field(ge=1, le=1_000_000)]  # of what is done for a single candidate
Fraction = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[int, Field(ge=0, le=10_000)]
Sizes = tuple[Size, Size, Size]
OpNames = tuple[Annotated[int, Field(ge=-MOST, le=MOST)] | str, ...]


class ConfigError(ValueError):
    """A config that cannot be used; the message names the key, the value and what is possible."""


class Mutation(StrEnum):
    """The kinds of mutation: the first four make up the paper's table (supplement S3)."""

    INSERT = "insert"
    REMOVE = "remove"
    RANDOMIZE_COMPONENT = "randomize_component"
    ALTER_PARAMETER = "alter_parameter"
    RANDOMIZE_INSTRUCTION = "randomize_instruction"
    TRADE = "trade"
    RANDOMIZE_PROGRAM = "randomize_program"
    IDENTITY = "identity"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

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
                raise ValueError(f"{name} = {_shown(value)} is not plain text: leave out what cannot be printed")
            if isinstance(value, str) and value.count(".") > MOST_DOTS:
                raise ValueError(f"{name} = {_shown(value)} has more than {MOST_DOTS} dots: use fewer")
        return values

    @classmethod
    def _is_set_by_default(cls, name: str) -> bool:
        """Whether the key may be unset, and is not if it is left out."""
        field = cls.model_fields.get(name)
        return field is not None and field.default is not None and type(None) in get_args(field.annotation)


class MemoryConfig(_Section):
    """Numbers of addresses."""

    scalars: Annotated[int, Field(ge=2, le=64)] = 8
    vectors: Annotated[int, Field(ge=1, le=64)] = 14
    matrices: Annotated[int, Field(ge=0, le=64)] = 3


class ProgramConfig(_Section):
    """What programs are made of: the op numbers or names of each component function, and sizes in instructions.

    ``initial`` is ``empty``, ``random`` (filled up to ``max_sizes``), the name of a library program, or a file of
    program text. A component function without ops is never mutated. Where mutations change graphs, both ``empty`` and
    ``random`` stand for valid programs that mutations of the empty one have given.
    """

    setup_ops: OpNames = tuple(range(56, 65))
    predict_ops: OpNames = (*range(56), 60, 61)
    learn_ops: OpNames = (*range(56), 60, 61)
    min_sizes: Sizes = (0, 0, 0)
    max_sizes: Sizes = (21, 21, 45)
    initial: str = "empty"

    @model_validator(mode="after")
    def _sizes_are_ordered(self) -> ProgramConfig:
        for name, least, most in zip(("setup", "predict", "learn"), self.min_sizes, self.max_sizes, strict=True):
            if least > most:
                raise ValueError(f"the smallest size of {name}, {least}, is above the largest, {most}")
        return self


class MutationConfig(_Section):
    """How children differ from their parents.

    ``table`` decides the weights and how a constant changes. ``paper``: times U[0.5, 2], and its sign flips in one of
    ten cases (supplement S3); ``released``: its sign flips in one of ten cases, else times exp(N(0, 1)).
    ``weights`` replaces the table's weights.
    ``graph_share`` of the mutations change the program's graph instead, and only to a valid one (Mishima and Ono 2025).
    A child that is known already, or whose code shows that it cannot learn, is mutated anew from its parent, until
    ``attempts`` have been made; but for a share of the children, ``drift``, which are taken as they are.
    """

    prob: Fraction = 0.9
    table: Literal["paper", "released"] = "paper"
    weights: dict[Mutation, Annotated[float, Field(ge=0)]] = {}
    graph_share: Fraction = 0.0
    attempts: Repetitions = 1
    drift: Fraction = 0.0

    @model_validator(mode="after")
    def _some_weight_is_positive(self) -> MutationConfig:
        if self.weights and not sum(self.weights.values()) > 0:
            raise ValueError("at least one mutation needs a weight above 0")
        if sum(self.weights.values()) == inf:
            raise ValueError("the weights have no finite sum: use smaller ones, since only their ratios count")
        return self


class SearchConfig(_Section):
    """The population and how it moves on.

    In a tournament and in a family, fitness counts in whole steps of ``fitness_resolution`` (0: every difference
    counts). With ``parsimony``, of equals the program with fewer live instructions is the better one.
    With ``minimal-generation-gap``, there is no tournament: two random members have ``children``, and the fittest of
    the family and one that is fit or of a rare structure take their places; ``rarity`` weighs the latter.
    """

    method: Literal["regularized-evolution", "minimal-generation-gap", "random-search"] = "regularized-evolution"
    population_size: Annotated[int, Field(ge=2, le=1_000_000)] = 100
    tournament_size: Repetitions = 10
    fitness_resolution: Fraction = 0.0
    parsimony: bool = False
    children: Annotated[int, Field(ge=1, le=100_000)] = 100
    rarity: Fraction = 0.4


class EvaluationConfig(_Section):
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
    With ``must_learn``, a program whose code shows that it cannot learn has fitness 0 without a run.
    """

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
    must_learn: bool = False

    @model_validator(mode="after")
    def _means_need_forgetting(self) -> EvaluationConfig:
        if self.evaluations > 1 and self.forget_after == 0:
            raise ValueError(
                f"evaluations = {self.evaluations} needs forget_after above 0, or no program is evaluated again: use "
                "forget_after = 100, or evaluations = 1"
            )
        return self


TEACHERS = ("linear", "affine", "absolute", "teacher-net")  # kinds of tasks whose labels a known function makes


class StageConfig(_Section):
    """Size of the tasks of one stage."""

    num_tasks: Annotated[int, Field(ge=1, le=10_000)] = 8
    num_train: Positive = 1000
    num_valid: Positive = 100


def _none_is_a_projection(value: Any) -> Any:
    return "none" if value is None else value  # an override ``none`` unsets elsewhere


class TableConfig(_Section):
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


class TasksConfig(_Section):
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


def _part(section: type[_Section], *names: str) -> type[_Section]:
    """A section with some of the keys of another, and their limits, of which any may be left out."""
    fields: dict[str, Any] = {}
    for name in names:
        field = section.model_fields[name]
        inner = type(field.default) if isinstance(field.default, _Section) else None
        fields[name] = (_part(inner, *inner.model_fields) if inner else field.rebuild_annotation()) | None, None
    return create_model(f"{section.__name__}Part", __base__=_Section, **fields)


ISLANDS_SHARE = ("num_classes", "select", "final")  # of the tasks: by these, the islands' programs are compared

if TYPE_CHECKING:  # made from the sections, so that a new key of tasks or mutations is at once one of groups
    TasksPart = _Section
    ProgramPart = _Section
    MutationPart = _Section
else:
    TasksPart = _part(TasksConfig, *(name for name in TasksConfig.model_fields if name not in ISLANDS_SHARE))
    ProgramPart = _part(ProgramConfig, "setup_ops", "predict_ops", "learn_ops")
    MutationPart = _part(MutationConfig, *MutationConfig.model_fields)


class IslandGroup(_Section):
    """What the islands of a group have instead of the run's own settings; a key that is left out is the run's own.

    ``tasks`` may have all keys but ``num_classes``, ``select`` and ``final``; ``program`` the ops; ``mutation`` all.
    """

    tasks: TasksPart | None = None
    program: ProgramPart | None = None
    mutation: MutationPart | None = None

    def __hash__(self) -> int:
        """Of equal groups the same; weights of mutations have no hash."""
        return hash((self.tasks, self.program))


class IslandsConfig(_Section):
    """Populations side by side; an epoch is ``epoch_programs`` programs on each of them.

    After every ``migration_epochs`` epochs, ``migrants`` random members of each island (0: no migration) give way to
    programs drawn evenly from all islands; with ``keep_fittest``, the fittest member is never one of them.
    ``groups`` makes islands differ (paper, section 3.2): island i belongs to group i modulo their number. A program
    that migrates to other search tasks is scored on them anew. Fitness on different tasks cannot be compared, so the
    best fitness of an experiment, its target and its patience are those of the islands that have the first group's
    search tasks; when it ends, the best programs of all islands compete on the select tasks.
    Where ``synchronous`` is false, which needs a cluster, no island waits for another: migrants are drawn evenly from
    the programs that have left the other islands last, and an epoch is told whenever the islands have together done as
    many as there are islands. Such a run is not deterministic: its result depends on how fast its processes are.
    """

    count: Annotated[int, Field(ge=1, le=100_000)] = 4
    epoch_programs: Positive = 10_000
    migrants: Count = 0
    migration_epochs: Positive = 1
    keep_fittest: bool = False
    synchronous: bool = True
    groups: tuple[IslandGroup, ...] = ()

    @model_validator(mode="after")
    def _every_group_has_an_island(self) -> IslandsConfig:
        if len(self.groups) > self.count:
            raise ValueError(
                f"{len(self.groups)} groups are more than count = {self.count}, and every group needs an island: use "
                f"at least {len(self.groups)} islands, or at most {self.count} groups"
            )
        return self


class ExperimentConfig(_Section):
    """When one experiment ends and hands its best program to the select stage; unset limits do not apply.

    So many go on ``at_once``, in threads or on a cluster: each does one epoch, then all do the next, and no program
    moves between them. One that ends gives its place to the next, while fewer than ``stop.max_experiments`` have
    begun. What an experiment finds depends on its number and the seed, not on those beside it. The run's limits look
    at the sum of all after each of these epochs; when one is reached, those that go on end, too, and their programs
    compete. Where ``resume`` raises ``stop.max_experiments``, further ones begin then, and find what they would have
    found.
    """

    at_once: Annotated[int, Field(ge=1, le=1000)] = 1
    max_programs: Positive | None = None
    max_train_steps: Positive | None = None
    target_fitness: Fraction | None = None
    patience: Positive | None = None


class BaselinesConfig(_Section):
    """Known algorithms that the result is compared with, each tuned on the select tasks with ``trials`` settings.

    ``linear``: scikit-learn's logistic or ridge regression; ``mlp``: its multilayer perceptron; ``gradient-descent``
    and ``net``: the library's linear model and two-layer net; ``figure-6``: the algorithm that the paper evolved, as it
    is. Those that cannot do a kind of tasks are left out.
    """

    names: tuple[Literal["linear", "mlp", "gradient-descent", "net", "figure-6"], ...] = ("linear", "net")
    trials: Repetitions = 30


class StopConfig(_Section):
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


class CheckpointConfig(_Section):
    """When the state of the search is kept, from which ``resume`` goes on; none of this changes a result.

    At the end of an epoch, ``every_epochs`` epochs or ``every_seconds`` seconds after the last time, whichever comes
    first; and when the search begins and ends. The last ``keep`` are kept (0: none is ever written).
    """

    every_epochs: Positive | None = None
    every_seconds: Annotated[float, Field(gt=0)] | None = 30.0
    keep: Count = 2


class Config(_Section):
    """A whole run."""

    name: str = "custom"
    description: str = ""
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] = 0
    dtype: Literal["float32", "float64"] = "float32"
    memory: MemoryConfig = MemoryConfig()
    program: ProgramConfig = ProgramConfig()
    mutation: MutationConfig = MutationConfig()
    search: SearchConfig = SearchConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    tasks: TasksConfig = TasksConfig()
    islands: IslandsConfig = IslandsConfig()
    experiment: ExperimentConfig = ExperimentConfig()
    baselines: BaselinesConfig = BaselinesConfig()
    stop: StopConfig = StopConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()

    @model_validator(mode="after")
    def _migrants_fit(self) -> Config:
        migrants, members = self.islands.migrants, self.search.population_size
        if migrants > members:
            raise ValueError(
                f"islands.migrants = {migrants} is above search.population_size = {members}, but migrants take the "
                f"place of distinct members: use at most {members} migrants, or a larger population"
            )
        return self

    @model_validator(mode="after")
    def _graphs_fit(self) -> Config:
        if self.mutation.graph_share > 0 and any(self.program.min_sizes):
            raise ValueError(
                f"program.min_sizes = {list(self.program.min_sizes)} may ask for instructions without effect, but "
                "mutations of graphs leave none: use [0, 0, 0], or mutation.graph_share = 0"
            )
        closed = [name for name in ("setup", "predict", "learn") if not getattr(self.program, f"{name}_ops")]
        if self.mutation.graph_share > 0 and closed:
            raise ValueError(
                f"program.{closed[0]}_ops is empty, but mutations of graphs change all component functions: give it "
                "ops, or use mutation.graph_share = 0"
            )
        return self

    @model_validator(mode="after")
    def _groups_can_be_used(self) -> Config:
        faults = [fault for number in range(len(self.islands.groups)) for fault in self._faults_of_group(number)]
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _faults_of_group(self, number: int) -> list[str]:
        try:
            self.of_island(number)
        except ValidationError as error:
            return [f"islands.groups.{number}.{fault}" for fault in _explain(error)]
        return []

    def of_island(self, number: int) -> Config:
        """What holds on an island: the run's own settings, changed as its group says; it has no groups any more."""
        if not self.islands.groups:
            return self
        group = self.islands.groups[number % len(self.islands.groups)]
        return self.model_validate(_merged(self, group) | {"islands": self.islands.model_copy(update={"groups": ()})})

    def to_toml(self) -> str:
        """The config as TOML that ``load_config`` reads back; what is unset by default is left out."""
        values = self.model_dump(mode="json", exclude_none=True)
        for name, section in self:
            if isinstance(section, _Section):
                unset = (key for key, value in section if value is None and section._is_set_by_default(key))
                values[name].update(dict.fromkeys(unset, "none"))
        return tomli_w.dumps(values)


def _merged(section: _Section, part: _Section) -> dict[str, Any]:
    """The values of a section, those that a part of it holds replaced."""
    values = dict(section)
    for name, value in part:
        if value is not None:
            values[name] = _merged(values[name], value) if isinstance(value, _Section) else value
    return values


def preset_names() -> list[str]:
    """Names of the presets that come with the package."""
    return sorted(file.name.removesuffix(".toml") for file in _presets().iterdir() if file.name.endswith(".toml"))


def load_config(name_or_path: str, overrides: Sequence[str] = (), *, within: Path | None = None) -> Config:
    """Load a preset or a TOML file and apply overrides such as ``tasks.num_features=8``.

    Paths in a file are relative to its folder, those in overrides to the working folder (``places``).
    ``within`` is a folder below which no link is followed, as ``safe_files.open_regular`` says.

    Raises:
        ConfigError: no such preset or file, not TOML, an unknown key, or a value that is out of range.
    """
    values = _read(name_or_path, within)
    if name_or_path not in preset_names():
        settle(values, Path(name_or_path).parent)
    return with_overrides(values, overrides)


def with_overrides(values: dict[str, Any], overrides: Sequence[str]) -> Config:
    """Plain values, changed by overrides, as a config.

    Raises:
        ConfigError: as of ``load_config``.
    """
    for override in overrides:
        _apply(values, override)
    settle(values, Path())
    return parse_config(values)


def override(config: Config, overrides: Sequence[str]) -> Config:
    """The config with overrides such as ``tasks.num_features=8``.

    Raises:
        ConfigError: an unknown key, or a value that is out of range.
    """
    return with_overrides(config.model_dump(mode="json"), overrides)


def parse_config(values: Mapping[str, Any]) -> Config:
    """Check plain values against the schema.

    Raises:
        ConfigError: naming every key that is wrong, its value and what is possible.
    """
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(islice(_explain(error), MOST_FAULTS))) from None


def _presets() -> Any:
    return resources.files("automl_zero") / "experiments"


def _read(name_or_path: str, within: Path | None) -> dict[str, Any]:
    if name_or_path in preset_names():
        text = (_presets() / f"{name_or_path}.toml").read_text(encoding="utf-8")
    elif _is_file(name_or_path):
        text = _read_file(Path(name_or_path), within)
    else:
        raise ConfigError(f"no preset or file {_shown(name_or_path)}: presets are {', '.join(preset_names())}")
    try:
        return _parse(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name_or_path} is not valid TOML: {error}") from None


def _is_file(name: str) -> bool:
    try:
        return Path(name).exists() and not Path(name).is_dir()
    except OSError:  # no file can have such a name
        return False


def _read_file(path: Path, within: Path | None) -> str:
    try:
        return read_regular(path, LONGEST, within=within).decode()
    except UnsafeFileError as error:
        raise ConfigError(
            f"cannot read config file {path}: {error.strerror}; give a file such as config.toml"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read config file {path}: {error}") from None


def _parse(text: str) -> dict[str, Any]:
    """Read TOML.

    Raises:
        ValueError, RecursionError: it is none, or no parser should be given it.
    """
    if max((line.count(".") for line in text.splitlines()), default=0) > MOST_DOTS:
        raise ValueError(f"a line has more than {MOST_DOTS} dots")
    return tomllib.loads(text)


def _apply(values: dict[str, Any], override: str) -> None:
    if CONTROL.search(override):
        raise ConfigError(f"{_shown(override)} is not plain text: leave out what cannot be printed")
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"{_shown(override)} is not an override: write key=value, for example tasks.num_features=8")
    *sections, last = key.strip().split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{_shown(section)} in {_shown(override)} is a value, not a section")
    values[last] = _parse_value(text.strip())


def _parse_value(text: str) -> Any:
    """A TOML value; what is none is a string, so that quotes may be left out. ``none`` unsets a limit."""
    if text.lower() == "none":
        return None
    try:
        return _parse(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _explain(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "config"
        if problem["type"] == "extra_forbidden":
            yield f"unknown key {_short(key)} = {_shown(problem['input'])}: {_hint(problem['loc'])}"
        elif problem["type"] == "value_error":
            yield f"{key}: {problem['ctx']['error']}" if problem["loc"] else str(problem["ctx"]["error"])
        else:
            message = problem["msg"]
            yield f"{_short(key)} = {_shown(problem['input'])}: {message[0].lower()}{message[1:]}"


def _shown(value: Any) -> str:
    """A value as Python writes it; of a long one the beginning, and of a monstrous one its kind alone."""
    try:
        return _short(repr(value))
    except (ValueError, RecursionError):
        return f"of type {type(value).__name__} and monstrous size"


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _hint(location: tuple[int | str, ...]) -> str:
    """The nearest known keys of the section an unknown key stands in."""
    *sections, key = location
    known = list(_section_at(sections).model_fields)
    if sections[:2] == ["islands", "groups"] and key in _section_at(sections[3:]).model_fields:
        return f"all islands share it, and keys that may differ are {', '.join(known)}"
    near = get_close_matches(str(key), known, n=1)
    return f"did you mean {near[0]}?" if near else f"known keys are {', '.join(known)}"


def _section_at(location: Sequence[int | str]) -> Any:
    """The section of that place in a config; a number is a place in a list of sections."""
    section: Any = Config
    for part in location:
        if isinstance(part, str):
            annotation = section.model_fields[part].annotation
            section = next(iter(get_args(annotation)), annotation)  # of an optional section, or of a list of them
    return section
