"""Files of exports: new files only, written completely or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from automl_zero.codegen.equivalence import equivalence_test
from automl_zero.codegen.languages import LANGUAGES
from automl_zero.codegen.source import Source
from automl_zero.config import ConfigError
from automl_zero.system.atomic_write import replacing


def write_export(source: Source, language: str, text: str, out: Path | None, test: Path | None) -> None:
    """Write an export and, if asked for, the test that compares it with the reference.

    Args:
        source: the exported program.
        language: its language.
        text: the text of the export.
        out: file of the export; required.
        test: file of the test, or None.

    Raises:
        ConfigError: a file exists or cannot be written, or there is nothing that the test could run.
    """
    if out is None:
        raise ConfigError("--with-test needs --out FILE: the test runs that file")
    if test and not LANGUAGES[language].runs:
        raise ConfigError(f"--with-test cannot be had for {language}, which does not run: choose another --to")
    for path in filter(None, (out, test)):
        _check_new(path)
    if test and out.resolve() == test.resolve():
        raise ConfigError(f"--out and --with-test are both {out}: choose two files")
    texts = {out: text} | ({test: equivalence_test(source, language, out, test)} if test else {})
    for path, content in texts.items():
        _write(path, content)


def _check_new(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise ConfigError(f"{path} exists and is not overwritten: choose another name or delete it")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"{path} cannot be written, {path.parent} is not a folder that can be: choose another")


def _write(path: Path, text: str) -> None:
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}): check the folder and its permissions"
        ) from None
