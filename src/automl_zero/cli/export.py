"""The command ``automl-zero export``: a program as source code of another system."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from automl_zero.cli.support.program_options import ProgramName
from automl_zero.terminal.output import echo


class LanguageName(StrEnum):
    """The names of ``export.languages.LANGUAGES``, which takes longer to load."""

    PYTHON = "python"
    NUMPY = "numpy"
    JAX = "jax"
    TORCH = "torch"
    LATEX = "latex"


class PredictionName(StrEnum):
    """The names of ``export.source.Prediction``, which takes longer to load."""

    REGRESSION = "regression"
    BINARY = "binary"
    MULTICLASS = "multiclass"


def export(
    program: ProgramName,
    language: Annotated[LanguageName, typer.Option("--to", help="What to write.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A new file; by default, it is printed.")] = None,
    prediction: Annotated[
        PredictionName | None,
        typer.Option("--predicts", help="What it predicts; by default what the run or library says, else regression."),
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Keep instructions that have no effect.")] = False,
    test: Annotated[
        Path | None,
        typer.Option("--with-test", metavar="FILE", help="Write a pytest file, too, that compares with the reference."),
    ] = None,
) -> None:
    """Write a program as standalone source code, or typeset."""
    from automl_zero.codegen.languages import LANGUAGES
    from automl_zero.codegen.resolve import choose
    from automl_zero.codegen.source import Prediction

    source = choose(program, None if prediction is None else Prediction(prediction.value), raw)
    text = LANGUAGES[language].write(source)
    if out is None and test is None:
        echo(text, end="")
        return
    from automl_zero.codegen.output_files import write_export

    write_export(source, language, text, out, test)
    echo("\n".join(str(path) for path in (out, test) if path))
