"""What happens during a run, as plain frozen records: the only thing that a run tells, and what its folder keeps.

An event is one line of JSON in ``events.jsonl``. Everything that is shown of a run, while it goes on or afterwards, is
made from its events. An alias is the name of a field in that file, which stays what it was in the first release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field, PlainSerializer, TypeAdapter

from automl_zero.config.sections import MOST
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import Loss

ALIASES = {"rejected_drafts": "redrawn"}  # of counters


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
    """A run begins. ``time`` is that of the wall clock, in UTC; later events count seconds of the search.

    ``deterministic`` is false where islands do not wait for each other: the same config gives another result then.
    ``machine`` and ``versions``, of Python and of libraries, are for the report; runs of older versions have none.
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
    """What programs are expected to cost, measured before the search; of all events, no result depends on this one.

    Attributes:
        seconds_per_program: least and most, with as many islands at a time as the run has threads.
        steps_per_program: training steps, least and most; ``steps_per_second`` of all islands together.
    """

    event: Literal["estimate"] = "estimate"
    seconds_per_program: tuple[float, float]
    steps_per_program: tuple[float, float]
    steps_per_second: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What a run goes on at the moment; no result depends on it.

    Attributes:
        nodes: machines of the cluster; ``workers``: its processes that hold islands.
        replays: how often an island was lost with its process, and its epochs done again elsewhere.
    """

    nodes: int
    workers: int
    replays: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochEnd:
    """All islands have done an epoch; or, where they do not wait for each other, as many together as there are islands.

    Attributes:
        experiment: its number, from 0.
        epoch: its number within the experiment, from 1.
        experiment_programs: programs of this experiment.
        programs: of the run; so are ``train_steps`` and ``counters`` (by the names in ``search.state.COUNTERS``).
        best_fitness: of the experiment; ``island_fitness``: of each island.
        behaviours: of each island, how many different scores its members have; ``most_common_count``: how many
            members have the most common one. Before migration; none in runs of older versions.
        immigrants: of each island, the last ancestor of its best program, as in ``Lineage``, that was born on another
            island: (island, number of the program there); None if all are its own. Told as ``behaviours`` are.
        cluster: what the epoch was done on, if that was a cluster.
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
    """An experiment has a program that scores better on its search tasks than all before; ``is_best``: in the run."""

    event: Literal["improvement"] = "improvement"
    seconds: float
    experiment: int
    experiment_programs: int
    fitness: float
    is_best: Annotated[bool, Field(alias="record")]
    program: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """An experiment has ended, and this is its program; ``is_best``: the best on the select tasks in the run so far.

    ``limit`` is what ended the experiment: the key of a limit, or ``interrupted``.
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
    """A program on the way to another, the ``island_programs``-th of its island, that was fitter than its parent.

    Both fitnesses are on the search tasks of the island; ``mutation`` is what its parent differs by, or ``none``.
    """

    island: int
    island_programs: int
    mutation: str
    parent_fitness: float
    fitness: float
    program: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """How the program came about that an experiment has selected; told if it is the best of the run so far.

    Attributes:
        ancestors: those that were fitter than their parents and than all before them on their island, oldest first.
        effects: by the name of a mutation, how many children of the experiment were less fit than their parents, as fit
            and fitter.
    """

    event: Literal["lineage"] = "lineage"
    seconds: float
    experiment: int
    ancestors: tuple[Ancestor, ...]
    effects: dict[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Score:
    """How a program does on a set of tasks.

    Attributes:
        fitness: combined over the tasks as the config says.
        standard_error: of the mean over the tasks; None if there is only one.
    """

    fitness: float
    standard_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """How a known algorithm does on the tasks of a run; ``setting`` tells how it was set."""

    name: str
    setting: str
    scores: dict[Stage, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """A baseline is about to be tuned and scored, which may take a while: the ``number``-th, from 1, of ``count``."""

    event: Literal["scoring"] = "scoring"
    seconds: float
    baseline: str
    number: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """The result of a run, scored on tasks that nobody saw before.

    Attributes:
        experiment: the one that found it.
        program: as evolved; ``pruned``: without the instructions that have no effect.
        learned: addresses that Learn updates from the label and Predict reads; a program without any does not learn.
        loss: of the tasks; it tells what a fitness means.
        scores: on the search tasks of its experiment, the select and the final tasks.
        baselines: on the same tasks.
        left_out: names of those that were not tuned, since the run was interrupted or its time was over.
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

    ``cut_programs``: how many of its programs are of epochs that were cut, which no other run makes again.
    """

    event: Literal["stop"] = "stop"
    seconds: float
    reason: str
    experiments: int
    programs: int
    train_steps: int
    cut_programs: int = 0


Event = Start | Estimate | EpochEnd | Improvement | Selection | Lineage | Scoring | Final | Stop

LEAST_COST = 1e-12
UNUSUAL = ("left_out", "cut_programs")  # told by runs that did not come to their end in peace

_EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def to_json(event: Event) -> str:
    """An event as one line of JSON."""
    return _EVENTS.dump_json(event, exclude=_as_usual(event), by_alias=True).decode()


def to_plain(event: Event) -> dict[str, Any]:
    """An event as the plain values of its JSON."""
    return cast("dict[str, Any]", _EVENTS.dump_python(event, mode="json", exclude=_as_usual(event), by_alias=True))


def _as_usual(event: Event) -> set[str]:
    """The attributes that are told only where they say something."""
    return {name for name in UNUSUAL if not getattr(event, name, True)}


def from_json(line: str | bytes) -> Event:
    """Read an event back.

    Raises:
        ValueError: the line is not an event.
    """
    event = _EVENTS.validate_json(line)
    _check_values(to_plain(event))
    if isinstance(event, Estimate):
        _check_costs([event.seconds_per_program, event.steps_per_program, event.steps_per_second])
    if isinstance(event, Final):
        _check_stages([event.scores, *(each.scores for each in event.baselines)])
    return event


def _check_costs(spans: Iterable[tuple[float, float]]) -> None:
    """Check that they are such as can be measured, and divided by."""
    if min(map(min, spans)) < LEAST_COST:
        raise ValueError("a cost is too small to have been measured")


def _check_stages(scores: Iterable[Mapping[Stage, Score]]) -> None:
    if not all(set(each) == set(Stage) for each in scores):
        raise ValueError("the score of a stage is missing")


def _check_values(plain: Any) -> None:
    """Check that numbers are such as a run can tell of, since what is made from events computes with them."""
    if isinstance(plain, dict | list):
        for each in plain.values() if isinstance(plain, dict) else plain:
            _check_values(each)
    elif isinstance(plain, int | float) and not abs(plain) <= MOST:  # NaN is not either
        raise ValueError("a number is too large, or none")
