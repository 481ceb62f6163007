"""The whole config: all settings of a run, immutable and complete.

The config, with the seed in it, determines every result of a run. Only ``stop.max_seconds`` depends on the clock, and
it decides only when a run ends.
"""

from __future__ import annotations

from typing import Annotated

import tomli_w
from pydantic import Field, ValidationError, model_validator

from automl_zero.config.config_error import explain
from automl_zero.config.groups import IslandsConfig, merged
from automl_zero.config.sections import (
    BaselinesConfig,
    CheckpointConfig,
    EvaluationConfig,
    ExperimentConfig,
    MemoryConfig,
    MutationConfig,
    ProgramConfig,
    SearchConfig,
    Section,
    StopConfig,
)
from automl_zero.config.task_sections import TasksConfig
from automl_zero.dtypes import Dtype


class Config(Section):
    """All settings of a run.

    Example:
        >>> config = load_config("linear", ["seed=1"])
        >>> config.search.population_size
        1000
    """

    name: str = "custom"
    description: str = ""
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] = 0
    dtype: Dtype = "float32"
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
        """Return the messages about what is wrong in a group, such as ``tasks`` that do not fit each other."""
        try:
            self.of_island(number)
        except ValidationError as error:
            return [f"islands.groups.{number}.{fault}" for fault in explain(error, type(self))]
        return []

    def of_island(self, number: int) -> Config:
        """Return the config of an island: the run's settings with the changes of the island's group, without groups."""
        if not self.islands.groups:
            return self
        group = self.islands.groups[number % len(self.islands.groups)]
        return self.model_validate(merged(self, group) | {"islands": self.islands.model_copy(update={"groups": ()})})

    def to_toml(self) -> str:
        """Return the config as TOML that ``load_config`` reads back; keys that are unset by default are left out."""
        values = self.model_dump(mode="json", exclude_none=True)
        for name, section in self:
            if isinstance(section, Section):
                unset = (key for key, value in section if value is None and section._is_set_by_default(key))
                values[name].update(dict.fromkeys(unset, "none"))
        return tomli_w.dumps(values)
