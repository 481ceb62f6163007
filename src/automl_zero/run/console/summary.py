"""The result of a run as text and as plain data; both depend on the events and the config alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from textwrap import fill
from typing import Any

from automl_zero.config.sections import CONTROL
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text, to_text
from automl_zero.run.console.formatting import NOT_DETERMINISTIC
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.events import Baseline, Final, Score, Stop, to_plain
from automl_zero.run.record.limits import INTERRUPTED
from automl_zero.run.record.run_folder import CONFIG
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import Loss

WIDTH = 80  # columns
COLUMN = 20  # characters of a score with its uncertainty
CLOCK_REASONS = ("stop.max_seconds", INTERRUPTED)  # where a run stops for these depends on the machine


def summary(progress: Progress, folder: Path, state_digest: str | None = None) -> dict[str, Any]:
    """Return the run as plain data for JSON; ``reason`` and ``result`` are null while it is not complete.

    ``state_digest`` is that of the latest checkpoint; runs that are equal up to that point have the same.
    """
    spent = progress.spent
    return {
        "run": str(folder),
        "name": progress.config.name,
        "seed": progress.config.seed,
        "reason": progress.stop.reason if progress.stop else None,
        "experiments": spent.experiments,
        "programs": spent.programs,
        "train_steps": spent.train_steps,
        "seconds": spent.seconds,
        "counters": progress.epoch.counters if progress.epoch else {},
        "state_digest": state_digest,
        "best_program": progress.best_program,
        "result": to_plain(progress.final) if progress.final else None,
    }


def report(progress: Progress, folder: Path) -> str:
    """Return the run as text of at most 80 columns, except for long instructions."""
    parts = [_title(progress), *_algorithm(progress), *_work(progress)]
    if progress.stop:
        parts += [_reproduction(progress.stop, folder, progress.config.islands.synchronous)]
    return CONTROL.sub("?", "\n".join(parts)) + "\n"  # the run folder may be untrusted


def _title(progress: Progress) -> str:
    config, experiments = progress.config, progress.spent.experiments
    if not progress.stop:
        return f"{config.name}, seed {config.seed}: not complete, the best program so far\n"
    of = f"the best of {experiments} experiments" if experiments > 1 else "the result of one experiment"
    return f"{config.name}, seed {config.seed}: {of}\n"


def _algorithm(progress: Progress) -> Iterator[str]:
    if progress.final:
        yield progress.final.pruned
        yield _learning(progress.final) + "\n"
        yield from _scores(progress.final)
    elif progress.best_program:
        multiclass = progress.config.tasks.num_classes > 2
        yield to_text(prune(from_text(progress.best_program), multiclass))


def _learning(final: Final) -> str:
    if not final.learned:
        return "It does not learn: no label that Learn sees has an effect on a prediction."
    return f"It learns: Learn updates {', '.join(final.learned)} from the label, and Predict reads what it has updated."


def _scores(final: Final) -> Iterator[str]:
    """Yield the lines of the table of scores, and what belongs to it."""
    yield f"{measure(final.loss)}, with the standard error over the tasks:"
    yield from score_table((Baseline(name="evolved", setting="", scores=final.scores), *final.baselines), final.loss)
    yield from (f"{row.name}: {row.setting}" for row in final.baselines)
    if final.left_out:
        yield fill(left_out(final), WIDTH)
    yield ""


def left_out(final: Final) -> str:
    """Return which baselines are missing, and why."""
    return f"no time was left to tune: {', '.join(final.left_out)}"


def measure(loss: Loss) -> str:
    """Return what a fitness measures at this loss."""
    return "fitness, 1 - (2/pi) atan(RMSE)" if loss is Loss.RMSE else "accuracy"


def short_measure(loss: Loss) -> str:
    """Return the name of the measure without its formula."""
    return measure(loss).partition(",")[0]


def score_table(rows: Sequence[Baseline], loss: Loss) -> Iterator[str]:
    """Yield the lines of a table: a line for each algorithm, a column for each stage."""
    width = max(COLUMN, *(len(row.name) for row in rows))
    yield f"{'':<{width}}" + "".join(f"{stage:>{COLUMN}}" for stage in Stage)
    for row in rows:
        yield f"{row.name:<{width}}" + "".join(f"{_score(row.scores[stage], loss):>{COLUMN}}" for stage in Stage)


def _score(score: Score, loss: Loss) -> str:
    digits = 5 if loss is Loss.RMSE else 4
    error = "" if score.standard_error is None else f" ± {score.standard_error:.{digits}f}"
    return f"{score.fitness:.{digits}f}{error}"


def _work(progress: Progress) -> Iterator[str]:
    spent, seconds = progress.spent, progress.search_seconds
    yield f"{spent.programs:,} programs, {spent.train_steps:,} training steps, {seconds:.1f} s of search"
    yield fill(progress.outcomes, WIDTH)


def _reproduction(stop: Stop, folder: Path, is_deterministic: bool) -> str:
    command = rerun_command(stop, folder, is_deterministic)
    if not is_deterministic:
        return f"ended by: {stop.reason}\n{NOT_DETERMINISTIC}; to search again: {command}"
    if stop.cut_programs:
        cut = f"ended by: {stop.reason}, within an epoch, whose {stop.cut_programs:,} programs cannot be reproduced"
        return f"{fill(cut, WIDTH)}\nreproduce all before: {command}"
    return f"ended by: {stop.reason}\nreproduce: {command}"


def rerun_command(stop: Stop, folder: Path, is_deterministic: bool) -> str:
    """Return the command that repeats a run: with the same result, unless it is not deterministic."""
    command = f"automl-zero run {quote(str(folder / CONFIG))} --out {quote(f'{folder}-again')}"
    if stop.reason in CLOCK_REASONS:
        programs = max(stop.programs - stop.cut_programs, 1)
        command += f" --set stop.max_seconds=none --set stop.max_programs={programs}"
    return CONTROL.sub("?", command if is_deterministic else f"{command} --engine ray")
