"""A tiny data set: its row, its published files, and a server and programs of this machine that give them."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from automl_zero.tasks.datasets.decode import idx_arrays
from automl_zero.tasks.datasets.images import ImageArrays, arrays_sha256
from automl_zero.tasks.datasets.sources import DownloadSource, File, KnownDataset

NOWHERE = "http://127.0.0.1:9/"  # the port to which nobody listens
PARTS = ("train-images", "train-labels", "test-images", "test-labels")


def tiny_arrays() -> ImageArrays:
    """Six train and four test images of 4 x 3 pixels, in two classes."""
    pixels = np.random.default_rng(0).integers(0, 256, (10, 4, 3, 1)).astype(np.uint8)
    labels = np.arange(10).astype(np.uint8) % 2
    return ImageArrays(pixels[:6], labels[:6], pixels[6:], labels[6:])


def idx(array: NDArray[np.uint8]) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def idx_parts() -> dict[str, bytes]:
    arrays = [array[..., 0] if array.ndim == 4 else array for array in tiny_arrays()]
    return {name: idx(array) for name, array in zip(PARTS, arrays, strict=True)}


def official_files() -> dict[str, bytes]:
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in idx_parts().items()}


def tar(contents: dict[str, bytes]) -> bytes:
    """A packed tar file, the same in every process."""
    file = BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return gzip.compress(file.getvalue(), mtime=0)


def debian(contents: dict[str, bytes]) -> bytes:
    """A Debian package, with a member of odd size before the data."""
    return b"!<arch>\n" + _debian_member("debian-binary", b"2.0") + _debian_member("data.tar.gz", tar(contents))


def _debian_member(name: str, content: bytes) -> bytes:
    head = f"{name:16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n"
    return head.encode() + content + b"\n" * (len(content) % 2)


def file_of(name: str, content: bytes) -> File:
    return File(name, hashlib.sha256(content).hexdigest(), len(content))


PACKAGE = tar({f"package/{name}": content for name, content in idx_parts().items()} | {"../evil": b"no"})


def tiny(place: str = NOWHERE, program: str = "npm", package: bytes = PACKAGE) -> KnownDataset:
    """The row, with its official files at ``place``, and a package that ``program`` knows."""
    return KnownDataset(
        name="tiny",
        description="ten images of noise",
        licence="none",
        shape=(4, 3, 1),
        class_names=("even", "odd"),
        num_train=6,
        num_test=4,
        official=DownloadSource(place, tuple(file_of(*each) for each in official_files().items()), (), idx_arrays),
        package=DownloadSource(
            "tiny-images@1.0",
            (file_of("tiny-images-1.0.tgz", package),),
            tuple(f"package/{name}" for name in PARTS),
            idx_arrays,
            program,
        ),
        sha256=arrays_sha256(tiny_arrays()),
    )


@contextmanager
def serving(files: dict[str, bytes], cut: int = 0) -> Iterator[str]:
    """A server of these files, each of which ends ``cut`` bytes too early; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path.removeprefix("/"))
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write((content or b"")[: len(content or b"") - cut])

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def write_program(folder: Path, name: str, package: bytes, script: str = "") -> None:
    """A program that puts the package into the folder that it runs in, and writes down that it ran."""
    folder.mkdir(exist_ok=True)
    (folder / "package").write_bytes(package)
    path = folder / name
    copy = f"case \"$*\" in *update) ;; *) /bin/cp '{folder}/package' tiny-images-1.0.tgz ;; esac"
    path.write_text(f"#!/bin/sh\necho \"$*\" >> '{folder}/ran'\n{script}\n{copy}\n")
    path.chmod(0o755)
