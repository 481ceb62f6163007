"""New files at paths that the user gives: existing ones are never overwritten."""

from __future__ import annotations

from pathlib import Path

PICTURES = (".png", ".svg")  # endings of picture files


def check_free(*paths: Path) -> None:
    """Check that nothing would be overwritten.

    Raises:
        ConfigError: one of the paths exists.
    """
    from automl_zero.config import ConfigError

    for path in paths:
        if path.exists() or path.is_symlink():
            raise ConfigError(f"{path} exists and is not overwritten: choose another name or delete it")


def check_new_file(path: Path | None, endings: tuple[str, ...] = ()) -> None:
    """Check before a computation that its result can be written.

    Raises:
        ConfigError: the path exists, its folder is missing, or its ending is none of ``endings``.
    """
    from automl_zero.config import ConfigError

    if path is None:
        return
    check_free(path)
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{path} cannot be written, there is no folder {path.parent}: make it first")
    if endings and path.suffix not in endings:
        raise ConfigError(f"{path}: the name must end in {' or '.join(endings)}")


def write_new(path: Path, text: str) -> None:
    """Write a whole new file.

    Raises:
        OSError: it cannot be written, or exists by now.
    """
    from automl_zero.system.atomic_write import on_disk

    with on_disk(path) as file:
        file.write(text.encode())
