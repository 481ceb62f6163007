"""Groups of islands: the settings in which they may differ, and how these are merged into the config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, create_model, model_validator

from automl_zero.config.sections import Count, MutationConfig, Positive, ProgramConfig, Section
from automl_zero.config.task_sections import TasksConfig


def _part(section: type[Section], *names: str) -> type[Section]:
    """Return a section with the named keys of another one and their ranges, all of them optional."""
    fields: dict[str, Any] = {}
    for name in names:
        field = section.model_fields[name]
        inner = type(field.default) if isinstance(field.default, Section) else None
        fields[name] = (_part(inner, *inner.model_fields) if inner else field.rebuild_annotation()) | None, None
    part = create_model(f"{section.__name__}Part", __base__=Section, **fields)
    part.renamed = section.renamed
    return part


ISLANDS_SHARE = ("num_classes", "select", "final")  # keys of tasks by which programs of all islands are compared

if TYPE_CHECKING:  # derived from the sections, so that groups have every new key of tasks and mutations, too
    TasksPart = Section
    ProgramPart = Section
    MutationPart = Section
else:
    TasksPart = _part(TasksConfig, *(name for name in TasksConfig.model_fields if name not in ISLANDS_SHARE))
    ProgramPart = _part(ProgramConfig, "setup_ops", "predict_ops", "learn_ops")
    MutationPart = _part(MutationConfig, *MutationConfig.model_fields)


class IslandGroup(Section):
    """The settings that the islands of a group have instead of those of the run; other settings are the run's.

    ``tasks`` may have all keys but ``num_classes``, ``select`` and ``final``; ``program`` only the ops; ``mutation``
    all.
    """

    tasks: TasksPart | None = None
    program: ProgramPart | None = None
    mutation: MutationPart | None = None

    def __hash__(self) -> int:
        """Return a hash, which leaves out ``mutation``, as its weights cannot be hashed."""
        return hash((self.tasks, self.program))


class IslandsConfig(Section):
    """The islands: ``count`` populations that evolve in parallel, in epochs of ``epoch_programs`` programs on each.

    After every ``migration_epochs`` epochs, ``migrants`` random members of each island (0: no migration) are replaced
    by programs drawn uniformly from all islands; with ``keep_fittest``, the fittest member is never replaced.

    ``groups`` makes islands differ (paper, section 3.2): island i belongs to group i modulo their number. A program
    that migrates to an island with other search tasks is scored again on these. Fitness on different tasks cannot be
    compared, so the best fitness, the target and the patience of an experiment refer to the islands that have the first
    group's search tasks; when it ends, the best programs of all islands compete on the select tasks.

    If ``synchronous`` is false, which needs a cluster, no island waits for another: migrants are drawn uniformly from
    the latest programs that left the other islands, and an epoch event is emitted whenever the islands have together
    finished as many epochs as there are islands. The result of such a run depends on the speed of its processes.
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
    """Return the values of a section, replaced by those that a part of it sets."""
    values = dict(section)
    for name, value in part:
        if value is not None:
            values[name] = merged(values[name], value) if isinstance(value, Section) else value
    return values
