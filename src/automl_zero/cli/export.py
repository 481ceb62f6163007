"""The command ``automl-zero export``: a program as source code in another language."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.cli.support.choices import choice_of
from automl_zero.cli.support.program_options import ProgramName
from automl_zero.codegen.languages import LANGUAGES
from automl_zero.codegen.prediction import Prediction
from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    LanguageName = str
else:
    LanguageName = choice_of("LanguageName", LANGUAGES)

Predicts = typer.Option("--predicts", help="What it predicts; by default as the run or library says, else regression.")


def export(
    program: ProgramName,
    language: Annotated[LanguageName, typer.Option("--to", help="The language to write.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A new file; by default, it is printed.")] = None,
    prediction: Annotated[Prediction | None, Predicts] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Keep instructions without effect.")] = False,
    test: Annotated[
        Path | None,
        typer.Option(
            "--with-test", metavar="FILE", help="Also write a pytest file that compares it with the reference."
        ),
    ] = None,
) -> None:
    """Write a program as standalone source code, or as LaTeX."""
    from automl_zero.codegen.resolve import choose

    source = choose(program, prediction, raw)
    text = LANGUAGES[language].write(source)
    if out is None and test is None:
        echo(text, end="")
        return
    from automl_zero.codegen.output_files import write_export

    write_export(source, language, text, out, test)
    echo("\n".join(str(path) for path in (out, test) if path))
