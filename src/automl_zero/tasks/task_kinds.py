"""Building the task set of a stage from a config; the kinds of tasks are the rows of ``config.task_kind_facts``.

A task set is a function of config, stage and seed; the tasks of a stage do not depend on the settings of another stage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from automl_zero.config import TasksConfig
from automl_zero.rng import generator_at, seed_at
from automl_zero.tasks import image_tasks, synthetic
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.tables import table_tasks
from automl_zero.tasks.task import TaskError, TaskSet, shuffled_epochs
from automl_zero.tasks.training_noise import add_noise

__all__ = ["BUILDERS", "Stage", "build_tasks", "sample_tasks"]


Builder = Callable[[TasksConfig, Stage, int], TaskSet]

# For each kind, the function that draws the examples of a stage from a seed.
BUILDERS: Mapping[str, Builder] = MappingProxyType(
    {
        "linear": synthetic.linear,
        "affine": synthetic.affine,
        "absolute": synthetic.absolute,
        "teacher-net": synthetic.teacher_net,
        "image-pairs": image_tasks.image_pairs,
        "image-groups": image_tasks.image_groups,
        "table": table_tasks.table_tasks,
    }
)
SAMPLE = 9  # tasks of a sample: enough to need as many lanes as any number of tasks
MAX_BYTES = 1 << 32  # bytes of the examples of a task set


def build_tasks(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Return the tasks of a stage.

    Raises:
        TaskError: there are too few data for the sizes in ``config``, or the tasks would not fit into memory.

    Example:
        >>> build_tasks(load_config("linear").tasks, Stage.SEARCH, seed=0).train_x.shape
        (8, 1000, 4)
    """
    _check_memory(config, stage)
    tasks = add_noise(BUILDERS[config.kind](config, stage, seed), config, stage, seed)
    epochs = generator_at(seed, "epochs", stage)
    return replace(
        tasks,
        name=f"{config.kind} F={config.num_features} {stage}",
        train_order=shuffled_epochs(tasks.num_train_examples, config.num_epochs, epochs),
        noise_seed=seed_at(seed, "noise", stage),
    )


def sample_tasks(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Return a few tasks of a stage, to check at little cost that it can be built, and to compile what runs on it.

    Raises:
        TaskError: ``build_tasks`` would raise it for all tasks.
    """
    _check_memory(config, stage)
    size = stage.size(config)
    few = size.model_copy(update={"num_tasks": min(size.num_tasks, SAMPLE)})
    return build_tasks(config.model_copy(update={stage.value: few}), stage, seed)


def _check_memory(config: TasksConfig, stage: Stage) -> None:
    size = stage.size(config)
    each = 8 * (size.num_train + size.num_valid) * config.num_features
    order = 8 * config.num_epochs * size.num_train
    if order > MAX_BYTES:
        raise TaskError(
            f"tasks.{stage}: {config.num_epochs} epochs (tasks.num_epochs) of {size.num_train} training examples take "
            f"{order / 1e9:.1f} GB for their order, and {MAX_BYTES / 1e9:.1f} GB is the most: use fewer of either"
        )
    if size.num_tasks * each > MAX_BYTES:
        raise TaskError(
            f"tasks.{stage}: {size.num_tasks} tasks of {size.num_train} + {size.num_valid} examples with "
            f"{config.num_features} features take {size.num_tasks * each / 1e9:.1f} GB, and {MAX_BYTES / 1e9:.1f} GB "
            f"is the most: use fewer tasks, examples or features"
        )
