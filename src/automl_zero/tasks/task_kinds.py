"""From a config to the task set of a stage: one row for every kind of tasks.

A task set is a function of config, stage and seed; a stage's tasks never depend on another stage's settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from automl_zero.config import TasksConfig
from automl_zero.rng import generator_at, seed_at
from automl_zero.tasks import image_tasks, synthetic
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.tables import table_tasks
from automl_zero.tasks.task import TaskError, TaskSet, shuffled_epochs
from automl_zero.tasks.training_noise import corrupt

__all__ = ["KINDS", "Stage", "TaskKind", "build_tasks"]


@dataclass(frozen=True)
class TaskKind:
    """A kind of tasks: ``build`` draws the examples, ``description`` is shown to people."""

    build: Callable[[TasksConfig, Stage, int], TaskSet]
    description: str


KINDS: Mapping[str, TaskKind] = MappingProxyType(
    {
        "linear": TaskKind(synthetic.linear, "regression of u.x, with a random u in every task"),
        "affine": TaskKind(synthetic.affine, "regression of u.x + a, with random u and a in every task"),
        "absolute": TaskKind(synthetic.absolute, "regression of |u.x|, with a random u in every task"),
        "teacher-net": TaskKind(
            synthetic.teacher_net, "regression of u.relu(Mx), a random two-layer net in every task"
        ),
        "image-pairs": TaskKind(image_tasks.image_pairs, "images of one class against another, projected or not"),
        "image-groups": TaskKind(image_tasks.image_groups, "images, their classes in random groups, projected or not"),
        "table": TaskKind(table_tasks.table_tasks, "a table of your own: regression or classification"),
    }
)
IMAGE_KINDS = ("image-pairs", "image-groups")
SAMPLE = 9  # tasks: from so many on, they run in as many lanes as any number does
MOST_BYTES = 1 << 32  # of the examples of a task set


def build_tasks(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Make the tasks of a stage.

    Raises:
        TaskError: the kind's data do not suffice for the sizes in ``config``, or the tasks would not fit into memory.
    """
    _check_memory(config, stage)
    tasks = corrupt(KINDS[config.kind].build(config, stage, seed), config, stage, seed)
    epochs = generator_at(seed, "epochs", stage)
    return replace(
        tasks,
        name=f"{config.kind} F={config.num_features} {stage}",
        train_order=shuffled_epochs(tasks.num_train_examples, config.num_epochs, epochs),
        noise_seed=seed_at(seed, "noise", stage),
    )


def sample_tasks(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """A few tasks of a stage, to find at little cost whether it can be built, and to compile what runs on it.

    Raises:
        TaskError: as of ``build_tasks`` for all of them.
    """
    _check_memory(config, stage)
    size = stage.size(config)
    few = size.model_copy(update={"num_tasks": min(size.num_tasks, SAMPLE)})
    return build_tasks(config.model_copy(update={stage.value: few}), stage, seed)


def _check_memory(config: TasksConfig, stage: Stage) -> None:
    size = stage.size(config)
    each = 8 * (size.num_train + size.num_valid) * config.num_features
    order = 8 * config.num_epochs * size.num_train
    if order > MOST_BYTES:
        raise TaskError(
            f"tasks.{stage}: {config.num_epochs} epochs (tasks.num_epochs) of {size.num_train} training examples take "
            f"{order / 1e9:.1f} GB for their order, and {MOST_BYTES / 1e9:.1f} GB is the most: use fewer of either"
        )
    if size.num_tasks * each > MOST_BYTES:
        raise TaskError(
            f"tasks.{stage}: {size.num_tasks} tasks of {size.num_train} + {size.num_valid} examples with "
            f"{config.num_features} features take {size.num_tasks * each / 1e9:.1f} GB, and {MOST_BYTES / 1e9:.1f} GB "
            f"is the most: use fewer tasks, examples or features"
        )
