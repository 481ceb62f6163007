"""The end of a run: its result, and the baselines beside it, on tasks that had no part in any choice."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from automl_zero.config import Config
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text, to_text
from automl_zero.run.baselines import baseline, suited
from automl_zero.run.events import Baseline, Final, Scoring, Selection
from automl_zero.run.experiment import search_tasks
from automl_zero.run.learning import learned_addresses
from automl_zero.run.scoring import score_program
from automl_zero.tasks.suites import Stage, build_tasks
from automl_zero.tasks.task import TaskSet


def score_result(best: Selection, select_tasks: TaskSet, config: Config) -> Iterator[Scoring | Final]:
    """Score the program that was chosen on the tasks of all stages; the ``seconds`` of all events are left at 0."""
    program, search = from_text(best.program), search_tasks(config.of_island(0), best.experiment)[0]
    final = build_tasks(config.tasks, Stage.FINAL, config.seed)
    tasks = {Stage.SEARCH: search, Stage.SELECT: select_tasks, Stage.FINAL: final}
    found = yield from _baselines(tasks, config)
    yield Final(
        seconds=0.0,
        experiment=best.experiment,
        program=best.program,
        pruned=to_text(prune(program, search.is_multiclass)),
        learned=learned_addresses(program, search.is_multiclass),
        loss=search.loss,
        scores={stage: score_program(program, each, config) for stage, each in tasks.items()},
        baselines=found,
    )


def _baselines(
    tasks: Mapping[Stage, TaskSet], config: Config
) -> Generator[Scoring | Final, None, tuple[Baseline, ...]]:
    """Tune and score them one after the other; tells of each before, since it may take a while."""
    found, wanted = [], suited(tasks, config)
    for number, each in enumerate(wanted, 1):
        yield Scoring(seconds=0.0, baseline=each.name(tasks[Stage.SELECT]), number=number, count=len(wanted))
        found.append(baseline(each, tasks, config))
    return tuple(found)
