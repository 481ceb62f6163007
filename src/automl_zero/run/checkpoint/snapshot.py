"""The whole state of a search at the end of an epoch: named arrays, and a record of plain values.

A search that is restored from a snapshot continues exactly as the original: everything else is a function of the
config. Equal digests mean equal states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from automl_zero.config.sections import Count
from automl_zero.run.record.events import Counters, Selection
from automl_zero.run.record.run_folder import StoreError

Arrays = Mapping[str, NDArray[Any]]

# The names of the arrays of all experiments but the first begin with it: ``beside.7.islands.0.random``. The digest
# hashes these names, so they never change.
OTHER = "beside"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentState:
    """The plain values of an experiment in progress; the attributes are those of ``RunState``.

    Where a limit on programs ended the run within an epoch, ``position`` is the number of programs that each island has
    made of it; ``fitness`` and ``improved_at`` are those at the end of the epoch before.
    """

    experiment: Count
    epoch: Count
    fitness: float
    improved_at: Count
    position: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """The state of a run besides the arrays of its islands.

    Attributes:
        experiment: the number of the first experiment in progress; ``epoch``: the epochs that it has done;
            ``position``: as in ``ExperimentState``.
        fitness: the best fitness of that experiment so far; ``improved_at``: its number of programs at that time.
        best_fitness: the best fitness on the search tasks in the run so far; -1 if there is none.
        finished_counters: sums of the counters of experiments that have ended; ``num_finished``: their number.
        selections: each selection that was the best on the select tasks at its time.
        num_events: events so far, some of which, such as ``Estimate``, are no part of the search.
        seconds: duration of the run so far, the only value that depends on the clock.
        other_experiments: the other experiments in progress, in the order of their numbers.

    An alias is the name of a field in the JSON that ``Snapshot.digest`` hashes. It never changes, so that digests of
    different releases are comparable.
    """

    experiment: Count
    epoch: Count
    fitness: float
    improved_at: Count
    best_fitness: float
    finished_counters: Annotated[Counters, Field(alias="before")]
    num_finished: Annotated[Count, Field(alias="ended")]
    selections: tuple[Selection, ...]
    num_events: Annotated[Count, Field(alias="events")]
    seconds: float
    other_experiments: Annotated[tuple[ExperimentState, ...], Field(alias="beside")] = ()
    position: Count = 0

    @property
    def experiments(self) -> tuple[ExperimentState, ...]:
        """All experiments in progress."""
        first = ExperimentState(
            experiment=self.experiment,
            epoch=self.epoch,
            fitness=self.fitness,
            improved_at=self.improved_at,
            position=self.position,
        )
        return (first, *self.other_experiments)

    @property
    def plain(self) -> bytes:
        """The state as JSON, without ``position`` and others that have their default, so that old digests hold."""
        others = {index: {"position"} for index, each in enumerate(self.other_experiments) if not each.position}
        left_out: dict[str, Any] = {} if self.position else {"position": True}
        if others or not self.other_experiments:
            left_out["other_experiments"] = others or True
        return RUN_STATE.dump_json(self, exclude=left_out, by_alias=True)


RUN_STATE = TypeAdapter(RunState)


@dataclass(frozen=True, eq=False, slots=True)
class Snapshot:
    """A state of a search. ``arrays`` may be those of the search itself, so it is valid until the next epoch starts."""

    state: RunState
    arrays: Arrays

    @property
    def digest(self) -> str:
        """SHA-256 of the state without clock values and the number of events, which depend on the observers."""
        selections = tuple(replace(each, seconds=0.0) for each in self.state.selections)
        state = replace(self.state, seconds=0.0, num_events=0, selections=selections)
        found = hashlib.sha256(state.plain)
        for name, array in sorted(self.arrays.items()):
            found.update(f"{name} {array.dtype.str} {array.shape}".encode())
            found.update(np.ascontiguousarray(array).data)
        return found.hexdigest()


def join_arrays(of_experiments: Mapping[int, Arrays]) -> dict[str, NDArray[Any]]:
    """Join the arrays of experiments, given by their numbers; names of the first one get no prefix."""
    (_, first), *others = of_experiments.items()
    return {
        **first,
        **{f"{OTHER}.{number}.{name}": array for number, arrays in others for name, array in arrays.items()},
    }


def split_arrays(arrays: Arrays, numbers: Sequence[int]) -> dict[int, Arrays]:
    """Split joined arrays by the numbers of experiments; what has no prefix of the others belongs to the first."""
    rest, parts = dict(arrays), {}
    for number in numbers[1:]:
        prefix = f"{OTHER}.{number}."
        parts[number] = {name.removeprefix(prefix): rest.pop(name) for name in arrays if name.startswith(prefix)}
    return {numbers[0]: rest, **parts}


def named_arrays(state: Any, name: str) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays in nested named tuples, each with its path, such as ``islands.0.population.code``."""
    if isinstance(state, np.ndarray):
        yield name, state
        return
    for field in state._fields:
        yield from named_arrays(getattr(state, field), f"{name}.{field}")


def load_arrays(arrays: Arrays, saved: Arrays) -> None:
    """Copy saved values into the arrays of a search: all of them, or none if one does not fit.

    Raises:
        StoreError: names, shapes or types are not those of the search.
    """
    faults = list(_misfits(arrays, saved))
    if faults:
        raise StoreError(
            f"the checkpoint does not fit this config: {'; '.join(faults[:3])}: give the config that it was made under"
        )
    for name, array in arrays.items():
        array[...] = saved[name]


def _misfits(arrays: Arrays, saved: Arrays) -> Iterator[str]:
    for name in sorted({*arrays, *saved}):
        if name not in saved:
            yield f"it has no {name}"
        elif name not in arrays:
            yield f"it has {name}, for which there is no place"
        elif (form := _form(saved[name])) != (needed := _form(arrays[name])):
            yield f"{name} is {form}, but {needed} is needed"


def _form(array: NDArray[Any]) -> str:
    return f"{array.dtype}{list(array.shape)}"
