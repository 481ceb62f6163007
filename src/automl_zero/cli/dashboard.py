"""The command ``automl-zero dashboard``: runs in a browser."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from automl_zero.terminal import echo


def dashboard(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="[FOLDER]...", help="Folders of runs; by default, runs.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to serve; others than this machine's need a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to serve.")] = 8765,
    token: Annotated[str | None, typer.Option(help="What a browser must know; by default, made if needed.")] = None,
) -> None:
    """Serve a page that follows runs, compares them, and starts and stops them, until Ctrl-C."""
    _check_library()
    import secrets

    import uvicorn

    from automl_zero.dashboard.app import make_app
    from automl_zero.dashboard.guard import is_loopback

    roots = folders or [Path("runs")]
    _check_folders(folders or [])
    token = token or (None if is_loopback(host) else secrets.token_urlsafe(24))
    address = f"[{host}]" if ":" in host else host
    echo(f"dashboard: http://{address}:{port}/" + (f"?token={token}" if token else ""))
    uvicorn.run(make_app(roots, host, token), host=host, port=port, log_level="warning", access_log=False)


def _check_library() -> None:
    from automl_zero.config import ConfigError

    if not (find_spec("starlette") and find_spec("uvicorn")):
        raise ConfigError("the dashboard needs libraries that are not installed: pip install '.[dashboard]'")


def _check_folders(folders: list[Path]) -> None:
    from automl_zero.run.store import StoreError

    for folder in folders:
        if not folder.is_dir():
            raise StoreError(f"{folder} is not a folder: give folders that hold runs")
