"""A check that the islands of a run fit into the memory of this machine, before any of it is allocated.

Operating systems grant more memory than they have, and kill the process when it uses it, so a run must check first.
"""

from __future__ import annotations

from automl_zero.config import Config, ConfigError
from automl_zero.program.program import AddressCounts
from automl_zero.run.checkpoint.snapshot import named_arrays
from automl_zero.search.cache import WAYS, new_cache
from automl_zero.search.lineage_log import new_lineage_log
from automl_zero.search.population import new_population
from automl_zero.system.memory import available_memory
from automl_zero.vm.execute import LINE_BYTES, memory_size

RESERVED = 1 << 28  # bytes for libraries, tasks and events


def check_memory(config: Config) -> None:
    """Check that all islands of the concurrent experiments fit into the available memory.

    Raises:
        ConfigError: they do not.
    """
    concurrent = config.experiment.concurrent
    needed = concurrent * sum(island_bytes(config.of_island(number)) * count for number, count in _groups(config))
    free = available_memory() - RESERVED
    if needed > free:
        raise ConfigError(
            f"the {config.islands.count * concurrent} islands need {needed / 1e9:.1f} GB of memory, and "
            f"{free / 1e9:.1f} GB are free: make search.population_size, evaluation.cache_size, program.max_sizes, "
            "islands.count or experiment.concurrent smaller, or tasks.num_features and memory.matrices"
        )


def _groups(config: Config) -> list[tuple[int, int]]:
    """Return, for each group, the number of its first island, and how many islands it has."""
    groups, count = max(1, len(config.islands.groups)), config.islands.count
    return [(number, len(range(number, count, groups))) for number in range(groups)]


def island_bytes(config: Config) -> int:
    """Estimate the memory of an island, as ``search.island.Island`` allocates it."""
    capacity, search, forgets = config.program.max_sizes, config.search, config.evaluation.forget_after > 0
    member = _bytes(new_population(1, capacity))
    births = _bytes(new_lineage_log(1, 1, capacity)) * min(
        config.islands.epoch_programs, max(1000, 2 * search.population_size)
    )
    caches = 1 + (config.evaluation.fingerprint_train > 0)
    entry = _bytes(new_cache(WAYS, forgets)) / WAYS
    counts = AddressCounts(config.memory.scalars, config.memory.vectors, config.memory.matrices)
    # Programs with large memories use half of the lanes of a line, and the buffers of failed lanes are rarely touched.
    buffers = memory_size(counts, config.tasks.num_features) * LINE_BYTES // 2
    members = search.population_size + search.children
    return int(member * members + births + caches * entry * config.evaluation.cache_size + buffers)


def _bytes(arrays: object) -> int:
    return sum(array.nbytes for _, array in named_arrays(arrays, ""))
