"""The final evaluation of a run: its result and the baselines, scored on tasks that had no part in any choice."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from functools import partial

from automl_zero.config import Config
from automl_zero.program.learned_state import learned_addresses
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text, to_text
from automl_zero.run.experiment import search_tasks
from automl_zero.run.record.events import Baseline, Final, Score, Scoring, Selection
from automl_zero.run.scoring.baselines import baseline, is_cached, suited
from automl_zero.run.scoring.task_score import score_program
from automl_zero.run.stop_control import StopControl, run_apart
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.stop_flag import Stopped


def score_result(
    best: Selection, select_tasks: TaskSet, config: Config, stopping: StopControl
) -> Iterator[Scoring | Final]:
    """Score the selected program and the baselines on the tasks of all stages; ``seconds`` of all events are 0.

    Baselines whose scores are not cached are left out if the run was interrupted or its time is over.

    Raises:
        Stopped: there was no time for the program itself.
    """
    stop, program = stopping.scoring, from_text(best.program)

    def score() -> tuple[dict[Stage, TaskSet], dict[Stage, Score]]:
        search = search_tasks(config.of_island(0), best.experiment)[0]
        final = build_tasks(config.tasks, Stage.FINAL, config.seed)
        tasks = {Stage.SEARCH: search, Stage.SELECT: select_tasks, Stage.FINAL: final}
        return tasks, {stage: score_program(program, each, config, stop) for stage, each in tasks.items()}

    tasks, scores = run_apart(score, lambda: stop.is_set)
    search = tasks[Stage.SEARCH]
    found, left_out = yield from _baselines(tasks, config, stopping)
    yield Final(
        seconds=0.0,
        experiment=best.experiment,
        program=best.program,
        pruned=to_text(prune(program, search.is_multiclass)),
        learned=learned_addresses(program, search.is_multiclass),
        loss=search.loss,
        scores=scores,
        baselines=found,
        left_out=left_out,
    )


def _baselines(
    tasks: Mapping[Stage, TaskSet], config: Config, stopping: StopControl
) -> Generator[Scoring | Final, None, tuple[tuple[Baseline, ...], tuple[str, ...]]]:
    """Tune and score the baselines one after the other; yield an event before each, since it may take long.

    Returns:
        The baselines, and the names of those that there was no time for.
    """
    found, left_out, wanted = [], [], suited(tasks, config)
    for number, each in enumerate(wanted, 1):
        name = each.name(tasks[Stage.SELECT])
        takes_time = not is_cached(each, tasks, config)
        if takes_time and stopping.is_over:
            left_out.append(name)
            continue
        yield Scoring(seconds=0.0, baseline=name, number=number, count=len(wanted))
        try:
            is_over = (lambda: stopping.is_late) if takes_time else (lambda: False)
            found.append(run_apart(partial(baseline, each, tasks, config), is_over))
        except Stopped:
            left_out.append(name)
    return tuple(found), tuple(left_out)
