"""Groups of islands: what a group may say, and what follows for its islands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, create_model, model_validator

from automl_zero.config.sections import Count, MutationConfig, Positive, ProgramConfig, Section, TasksConfig


def _part(section: type[Section], *names: str) -> type[Section]:
    """A section with some of the keys of another, and their limits, of which any may be left out."""
    fields: dict[str, Any] = {}
    for name in names:
        field = section.model_fields[name]
        inner = type(field.default) if isinstance(field.default, Section) else None
        fields[name] = (_part(inner, *inner.model_fields) if inner else field.rebuild_annotation()) | None, None
    part = create_model(f"{section.__name__}Part", __base__=Section, **fields)
    part.renamed = section.renamed
    return part


ISLANDS_SHARE = ("num_classes", "select", "final")  # of the tasks: by these, the islands' programs are compared

if TYPE_CHECKING:  # made from the sections, so that a new key of tasks or mutations is at once one of groups
    TasksPart = Section
    ProgramPart = Section
    MutationPart = Section
else:
    TasksPart = _part(TasksConfig, *(name for name in TasksConfig.model_fields if name not in ISLANDS_SHARE))
    ProgramPart = _part(ProgramConfig, "setup_ops", "predict_ops", "learn_ops")
    MutationPart = _part(MutationConfig, *MutationConfig.model_fields)


class IslandGroup(Section):
    """What the islands of a group have instead of the run's own settings; a key that is left out is the run's own.

    ``tasks`` may have all keys but ``num_classes``, ``select`` and ``final``; ``program`` the ops; ``mutation`` all.
    """

    tasks: TasksPart | None = None
    program: ProgramPart | None = None
    mutation: MutationPart | None = None

    def __hash__(self) -> int:
        """Of equal groups the same; weights of mutations have no hash."""
        return hash((self.tasks, self.program))


class IslandsConfig(Section):
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


def merged(section: Section, part: Section) -> dict[str, Any]:
    """The values of a section, those that a part of it holds replaced."""
    values = dict(section)
    for name, value in part:
        if value is not None:
            values[name] = merged(values[name], value) if isinstance(value, Section) else value
    return values
