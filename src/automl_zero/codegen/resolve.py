"""Find a program by name, with what an export adds to it: what it predicts, and comments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from automl_zero.analysis.dataflow.findings import comments
from automl_zero.analysis.techniques.detect import detect
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import Source, comments_in, source_of
from automl_zero.program.library import LIBRARY
from automl_zero.program.program import Program
from automl_zero.program.program_edit import Line
from automl_zero.run.record.events import Final
from automl_zero.run.record.program_lookup import FoundProgram, find_program
from automl_zero.run.record.run_folder import read_config, read_events
from automl_zero.tasks.task import Loss
from automl_zero.tasks.task_kinds import Stage, build_tasks


def choose(name: str, prediction: Prediction | None = None, raw: bool = False) -> Source:
    """Return the program of a name, ready for export, with comments of its text and on recognised techniques.

    Args:
        name: name of a library program, file of program text, or run folder, which stands for its best program.
        prediction: what it predicts; by default what the run's tasks or the library say, else numbers.
        raw: whether to keep instructions without an effect.

    Raises:
        ProgramError: there is no such program.
        StoreError: the folder contains no program of a run.
    """
    given = find_program(name)
    own = {} if given.folder else comments_in(given.text)  # the comments in a run folder mark pruned instructions
    return _commented(given.program, prediction or _usual(name, given), given.name, own, raw)


def _usual(name: str, given: FoundProgram) -> Prediction:
    """Return what the tasks of a run or the library say, else numbers."""
    if given.multiclass:
        return Prediction.MULTICLASS
    is_binary = _loss(given.folder) is Loss.ACCURACY if given.folder else name in LIBRARY and LIBRARY[name].binary
    return Prediction.BINARY if is_binary else Prediction.REGRESSION


def _loss(folder: Path) -> Loss:
    """Return the loss in a run's final event, or, in a run that has not ended, that of its tasks."""
    config, losses = read_config(folder), [event.loss for event in read_events(folder) if isinstance(event, Final)]
    return losses[-1] if losses else build_tasks(config.tasks, Stage.SELECT, config.seed).loss


def _commented(program: Program, prediction: Prediction, name: str, own: Mapping[Line, str], raw: bool) -> Source:
    """Add the techniques that are recognised in a line to its comment."""
    found = comments(detect(program, prediction is Prediction.MULTICLASS))
    merged = {line: "; ".join(filter(None, (own.get(line), found.get(line)))) for line in (*own, *found)}
    return source_of(program, prediction, name, merged, raw)
