"""Which program an analysis is of: one of the library, one in a file, or what a run found."""

from __future__ import annotations

from pathlib import Path

from automl_zero.program.program import Program, ProgramError
from automl_zero.run.initial import load_program
from automl_zero.run.store import BEST, CONFIG

FINAL = Path(BEST, "final.txt")


def load_subject(given: str) -> Program:
    """The library program of that name, the program in a text file, or the final program of a run folder.

    Raises:
        ProgramError: there is none of them; the message names what was given.
    """
    folder = Path(given)
    if not folder.is_dir():
        return load_program(given)
    if (folder / CONFIG).exists() and not (folder / FINAL).exists():
        raise ProgramError(f"the run in {given} has no final program yet: let it end, or go on with 'resume'")
    return load_program(str(folder / FINAL))
