"""Which program is meant: one of the library, one in a file, or the result of a run."""

from __future__ import annotations

from pathlib import Path

from automl_zero.export.source import Source, Target, comments_in, source_of
from automl_zero.program.library import LIBRARY
from automl_zero.program.text import from_text
from automl_zero.run.events import Final
from automl_zero.run.initial import load_program
from automl_zero.run.store import StoreError, read_run
from automl_zero.tasks.task import Loss


def choose(name: str, target: Target | None = None, raw: bool = False) -> Source:
    """The program of that name, prepared to be exported, with the comments in its text.

    Args:
        name: of a library program, of a file of program text, or of a run folder, whose final program is meant.
        target: what it predicts; by default what the run's tasks or the library say, else numbers.
        raw: whether instructions without an effect are kept.

    Raises:
        ProgramError: there is no such program.
        StoreError: the run folder has no final program.
    """
    if Path(name).is_dir() and name not in LIBRARY:
        return _of_run(Path(name), target, raw)
    program = load_program(name)
    if name in LIBRARY:
        text, usual = LIBRARY[name].text, Target.MULTICLASS if LIBRARY[name].multiclass else Target.REGRESSION
    else:
        text, usual = Path(name).read_text(encoding="utf-8"), Target.REGRESSION
    return source_of(program, target or usual, Path(name).stem, comments_in(text), raw)


def _of_run(folder: Path, target: Target | None, raw: bool) -> Source:
    stored = read_run(folder)
    final = next((event for event in reversed(stored.events) if isinstance(event, Final)), None)
    if final is None:
        raise StoreError(f"{folder} has no final program yet: finish it with 'resume', or give a file in {folder}/best")
    classes = Target.MULTICLASS if stored.config.tasks.num_classes > 2 else Target.BINARY
    usual = Target.REGRESSION if final.loss is Loss.RMSE else classes
    return source_of(from_text(final.program), target or usual, stored.config.name, raw=raw)
