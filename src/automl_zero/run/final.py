"""The end of a run: its result, and the baselines beside it, on tasks that had no part in any choice."""

from __future__ import annotations

from automl_zero.config import Config
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text, to_text
from automl_zero.run.baselines import baselines
from automl_zero.run.events import Final, Selection
from automl_zero.run.experiment import search_tasks
from automl_zero.run.learning import learned_addresses
from automl_zero.run.scoring import score_program
from automl_zero.tasks.suites import Stage, build_tasks
from automl_zero.tasks.task import TaskSet


def score_result(best: Selection, select_tasks: TaskSet, config: Config) -> Final:
    """Score the program that was chosen on the tasks of all stages; ``seconds`` are left at 0."""
    program, search = from_text(best.program), search_tasks(config.of_island(0), best.experiment)[0]
    final = build_tasks(config.tasks, Stage.FINAL, config.seed)
    tasks = {Stage.SEARCH: search, Stage.SELECT: select_tasks, Stage.FINAL: final}
    return Final(
        seconds=0.0,
        experiment=best.experiment,
        program=best.program,
        pruned=to_text(prune(program, search.is_multiclass)),
        learned=learned_addresses(program, search.is_multiclass),
        loss=search.loss,
        scores={stage: score_program(program, each, config) for stage, each in tasks.items()},
        baselines=baselines(tasks, config),
    )
