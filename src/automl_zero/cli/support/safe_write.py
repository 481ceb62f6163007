"""Files that commands write where they are told to: nothing that is there is ever overwritten."""

from __future__ import annotations

from pathlib import Path

PICTURES = (".png", ".svg")  # endings


def check_free(*paths: Path) -> None:
    """Check that nothing would be overwritten.

    Raises:
        ConfigError: there is something of one of the names.
    """
    from automl_zero.config import ConfigError

    for path in paths:
        if path.exists() or path.is_symlink():
            raise ConfigError(f"{path} exists and is not overwritten: choose another name or delete it")


def check_new_file(path: Path | None, endings: tuple[str, ...] = ()) -> None:
    """Check before the work is done that its result can be written.

    Raises:
        ConfigError: there is something of that name, the folder is missing, or the ending is none of those.
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
    """Write a whole file; what has appeared there meanwhile stays.

    Raises:
        OSError: it cannot be written, or there is one of that name.
    """
    from automl_zero.system.atomic_write import on_disk

    with on_disk(path) as file:
        file.write(text.encode())
