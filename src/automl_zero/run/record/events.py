"""The events of a run as plain frozen records: all that a run emits, and what its folder stores.

An event is one line of JSON in ``events.jsonl``. Displays and reports are made from events alone. An alias is the name
of a field in that file, which stays as in the first release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field, PlainSerializer, TypeAdapter

from automl_zero.config.sections import MAX_INT
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import Loss

ALIASES = {"rejected_drafts": "redrawn"}  # names of counters in the file


def _to_file(counters: Mapping[str, int]) -> dict[str, int]:
    return {ALIASES.get(name, name): count for name, count in counters.items()}


def _from_file(counters: Any) -> Any:
    names = {alias: name for name, alias in ALIASES.items()}
    return (
        {names.get(name, name): count for name, count in counters.items()} if isinstance(counters, dict) else counters
    )


Counters = Annotated[dict[str, int], BeforeValidator(_from_file), PlainSerializer(_to_file)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A run starts. ``time`` is the wall clock in UTC; later events count the seconds of the run.

    ``deterministic`` is false where islands do not wait for each other: the same config gives different results then.
    ``machine`` and ``versions``, of Python and of libraries, are for the report; runs of old versions have none.
    """

    event: Literal["start"] = "start"
    version: str
    name: str
    seed: int
    workers: int
    time: str
    deterministic: bool = True
    machine: str = ""
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The expected cost of programs, measured before the search; no other event depends on it.

    Attributes:
        seconds_per_program: least and most, while as many islands run in parallel as the run has threads.
        steps_per_program: training steps, least and most; ``steps_per_second``: those of all islands together.
    """

    event: Literal["estimate"] = "estimate"
    seconds_per_program: tuple[float, float]
    steps_per_program: tuple[float, float]
    steps_per_second: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The cluster of a run at the moment; no result depends on it.

    Attributes:
        nodes: machines of the cluster; ``workers``: its processes that hold islands.
        replays: how often an island was lost with its process, and recreated in another one.
    """

    nodes: int
    workers: int
    replays: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochEnd:
    """An epoch of an experiment has ended.

    All its islands have done an epoch; or, if they do not wait for each other, they have done as many as there are
    islands in total.

    Attributes:
        experiment: the number of the experiment, from 0.
        epoch: the number of the epoch within the experiment, from 1.
        experiment_programs: programs of this experiment.
        programs: programs of the run; so are ``train_steps`` and ``counters`` (by the names in
            ``search.state.COUNTERS``).
        best_fitness: the best fitness of the experiment; ``island_fitness``: [islands] that of each island.
        behaviours: [islands] how many different scores the members have; ``most_common_count``: how many members have
            the most common one. Both are counted before migration, and empty in runs of old versions.
        immigrants: [islands] the last ancestor of the best program, as in ``Lineage``, that was born on another island:
            (island, number of the program there); None if there is none. Empty in runs of old versions.
        cluster: the cluster of the epoch; None if there is none.
    """

    event: Literal["epoch"] = "epoch"
    seconds: float
    experiment: int
    epoch: int
    experiment_programs: int
    programs: int
    train_steps: int
    best_fitness: float
    island_fitness: tuple[float, ...]
    counters: Counters
    behaviours: tuple[int, ...] = ()
    most_common_count: Annotated[tuple[int, ...], Field(alias="takeover")] = ()
    immigrants: tuple[tuple[int, int] | None, ...] = ()
    cluster: Cluster | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvement:
    """An experiment has a new best program on its search tasks; ``is_best``: it is the best of the run, too."""

    event: Literal["improvement"] = "improvement"
    seconds: float
    experiment: int
    experiment_programs: int
    fitness: float
    is_best: Annotated[bool, Field(alias="record")]
    program: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """An experiment has ended with this program; ``is_best``: it is the best on the select tasks in the run so far.

    ``limit`` is the key of the limit that ended the experiment, or ``interrupted``.
    """

    event: Literal["select"] = "select"
    seconds: float
    experiment: int
    experiment_programs: int
    search_fitness: float
    select_fitness: float
    is_best: Annotated[bool, Field(alias="record")]
    limit: str
    program: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestor:
    """An ancestor that was fitter than its parent; it was the ``island_programs``-th program of its island.

    Both fitnesses are on the search tasks of the island; ``mutation`` is what made it from its parent, or ``none``.
    """

    island: int
    island_programs: int
    mutation: str
    parent_fitness: float
    fitness: float
    program: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """The ancestry of the program that an experiment has selected, if it is the best of the run so far.

    Attributes:
        ancestors: those that were fitter than their parents and than all earlier ones on their island, oldest first.
        effects: for each mutation, how many children of the experiment were less fit than their parents, as fit, and
            fitter.
    """

    event: Literal["lineage"] = "lineage"
    seconds: float
    experiment: int
    ancestors: tuple[Ancestor, ...]
    effects: dict[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Score:
    """The fitness of a program on a set of tasks.

    Attributes:
        fitness: combined over the tasks as the config says.
        standard_error: that of the mean over the tasks; None if there is only one task.
    """

    fitness: float
    standard_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The scores of a known algorithm on the tasks of a run, at the hyperparameters in ``setting``."""

    name: str
    setting: str
    scores: dict[Stage, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """The tuning and scoring of a baseline starts, which may take long: the ``number``-th, from 1, of ``count``."""

    event: Literal["scoring"] = "scoring"
    seconds: float
    baseline: str
    number: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """The result of a run, scored on the final tasks, which had no part in any choice.

    Attributes:
        experiment: the experiment that found it.
        program: the program as evolved; ``pruned``: without the instructions that have no effect.
        learned: addresses that Learn updates from the label and Predict reads; a program without any does not learn.
        loss: the loss of the tasks, which defines the fitness.
        scores: on the search tasks of its experiment, the select and the final tasks.
        baselines: their scores on the same tasks.
        left_out: names of baselines that were not tuned, because the run was interrupted or its time was over.
    """

    event: Literal["final"] = "final"
    seconds: float
    experiment: int
    program: str
    pruned: str
    learned: tuple[str, ...]
    loss: Loss
    scores: dict[Stage, Score]
    baselines: tuple[Baseline, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A run is complete. ``reason`` is the key of the limit that ended the search, or ``interrupted``.

    ``cut_programs``: how many of its programs belong to epochs that were cut, which cannot be reproduced.
    """

    event: Literal["stop"] = "stop"
    seconds: float
    reason: str
    experiments: int
    programs: int
    train_steps: int
    cut_programs: int = 0


Event = Start | Estimate | EpochEnd | Improvement | Selection | Lineage | Scoring | Final | Stop

MIN_COST = 1e-12
OPTIONAL = ("left_out", "cut_programs")  # attributes that are stored only if a run ended early

_EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def to_json(event: Event) -> str:
    """Return an event as one line of JSON.

    Example:
        >>> to_json(Stop(seconds=1.0, reason="stop.max_programs", experiments=1, programs=600, train_steps=9))
        '{"event":"stop","seconds":1.0,"reason":"stop.max_programs","experiments":1,"programs":600,"train_steps":9}'
    """
    return _EVENTS.dump_json(event, exclude=_empty_optional(event), by_alias=True).decode()


def to_plain(event: Event) -> dict[str, Any]:
    """Return an event as the plain values of its JSON."""
    return cast(
        "dict[str, Any]", _EVENTS.dump_python(event, mode="json", exclude=_empty_optional(event), by_alias=True)
    )


def _empty_optional(event: Event) -> set[str]:
    """Return the optional attributes that are empty, which are not stored."""
    return {name for name in OPTIONAL if not getattr(event, name, True)}


def from_json(line: str | bytes) -> Event:
    """Parse an event.

    Raises:
        ValueError: the line is not an event, or has values that no run emits.
    """
    event = _EVENTS.validate_json(line)
    _check_values(to_plain(event))
    if isinstance(event, Estimate):
        _check_costs([event.seconds_per_program, event.steps_per_program, event.steps_per_second])
    if isinstance(event, Final):
        _check_stages([event.scores, *(each.scores for each in event.baselines)])
    return event


def _check_costs(spans: Iterable[tuple[float, float]]) -> None:
    """Check that costs are large enough to be measured and to divide by."""
    if min(map(min, spans)) < MIN_COST:
        raise ValueError("a cost is too small to have been measured")


def _check_stages(scores: Iterable[Mapping[Stage, Score]]) -> None:
    if not all(set(each) == set(Stage) for each in scores):
        raise ValueError("the score of a stage is missing")


def _check_values(plain: Any) -> None:
    """Check that all numbers are finite and in the range of a run, since displays and reports compute with them."""
    if isinstance(plain, dict | list):
        for each in plain.values() if isinstance(plain, dict) else plain:
            _check_values(each)
    elif isinstance(plain, int | float) and not abs(plain) <= MAX_INT:  # true for NaN, too
        raise ValueError("a number is too large, or none")
