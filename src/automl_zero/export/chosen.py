"""Which program is meant: one of the library, one in a file, or the result of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from automl_zero.analysis.findings import Line, comments
from automl_zero.analysis.recognise import recognise
from automl_zero.export.source import Prediction, Source, comments_in, source_of
from automl_zero.program.library import LIBRARY
from automl_zero.program.program import Program
from automl_zero.program.text import from_text
from automl_zero.run.events import Final
from automl_zero.run.initial import load_program
from automl_zero.run.store import StoreError, read_run
from automl_zero.tasks.task import Loss


def choose(name: str, prediction: Prediction | None = None, raw: bool = False) -> Source:
    """The program of that name, prepared to be exported, with the comments in its text and those of known techniques.

    Args:
        name: of a library program, of a file of program text, or of a run folder, whose final program is meant.
        prediction: what it predicts; by default what the run's tasks or the library say, else numbers.
        raw: whether instructions without an effect are kept.

    Raises:
        ProgramError: there is no such program.
        StoreError: the run folder has no final program.
    """
    if Path(name).is_dir() and name not in LIBRARY:
        return _of_run(Path(name), prediction, raw)
    program = load_program(name)
    if name in LIBRARY:
        text, usual = LIBRARY[name].text, Prediction.MULTICLASS if LIBRARY[name].multiclass else Prediction.REGRESSION
    else:
        text, usual = Path(name).read_text(encoding="utf-8"), Prediction.REGRESSION
    return _commented(program, prediction or usual, Path(name).stem, comments_in(text), raw)


def _of_run(folder: Path, prediction: Prediction | None, raw: bool) -> Source:
    stored = read_run(folder)
    final = next((event for event in reversed(stored.events) if isinstance(event, Final)), None)
    if final is None:
        raise StoreError(f"{folder} has no final program yet: finish it with 'resume', or give a file in {folder}/best")
    classes = Prediction.MULTICLASS if stored.config.tasks.num_classes > 2 else Prediction.BINARY
    usual = Prediction.REGRESSION if final.loss is Loss.RMSE else classes
    return _commented(from_text(final.program), prediction or usual, stored.config.name, {}, raw)


def _commented(program: Program, prediction: Prediction, name: str, own: Mapping[Line, str], raw: bool) -> Source:
    """With the techniques that are recognised in each line behind its own comment."""
    found = comments(recognise(program, prediction is Prediction.MULTICLASS))
    merged = {line: "; ".join(filter(None, (own.get(line), found.get(line)))) for line in (*own, *found)}
    return source_of(program, prediction, name, merged, raw)
