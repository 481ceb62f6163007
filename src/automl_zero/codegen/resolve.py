"""A program given by name, with all that an export tells of it: what it predicts, and comments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from automl_zero.analysis.dataflow.findings import Line, comments
from automl_zero.analysis.techniques.detect import detect
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import Source, comments_in, source_of
from automl_zero.program.library import LIBRARY
from automl_zero.program.program import Program
from automl_zero.run.record.events import Final
from automl_zero.run.record.program_lookup import FoundProgram, find_program
from automl_zero.run.record.run_folder import read_config, read_events
from automl_zero.tasks.task import Loss
from automl_zero.tasks.task_kinds import Stage, build_tasks


def choose(name: str, prediction: Prediction | None = None, raw: bool = False) -> Source:
    """The program of that name, prepared to be exported, with the comments in its text and those of known techniques.

    Args:
        name: of a library program, of a file of program text, or of a run folder, whose best program is meant.
        prediction: what it predicts; by default what the run's tasks or the library say, else numbers.
        raw: whether instructions without an effect are kept.

    Raises:
        ProgramError: there is no such program.
        StoreError: it is a folder without a program of a run.
    """
    given = find_program(name)
    own = {} if given.folder else comments_in(given.text)  # those in a run folder tell what is pruned
    return _commented(given.program, prediction or _usual(name, given), given.name, own, raw)


def _usual(name: str, given: FoundProgram) -> Prediction:
    """What the tasks of a run ask for, or what the library says, else numbers."""
    if given.multiclass:
        return Prediction.MULTICLASS
    is_binary = _loss(given.folder) is Loss.ACCURACY if given.folder else name in LIBRARY and LIBRARY[name].binary
    return Prediction.BINARY if is_binary else Prediction.REGRESSION


def _loss(folder: Path) -> Loss:
    """As its end tells, or, where it has none yet, its tasks."""
    config, told = read_config(folder), [event.loss for event in read_events(folder) if isinstance(event, Final)]
    return told[-1] if told else build_tasks(config.tasks, Stage.SELECT, config.seed).loss


def _commented(program: Program, prediction: Prediction, name: str, own: Mapping[Line, str], raw: bool) -> Source:
    """With the techniques that are recognised in each line behind its own comment."""
    found = comments(detect(program, prediction is Prediction.MULTICLASS))
    merged = {line: "; ".join(filter(None, (own.get(line), found.get(line)))) for line in (*own, *found)}
    return source_of(program, prediction, name, merged, raw)
