"""The command ``automl-zero dashboard``: follow, start and stop runs in a browser."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.dashboard.server.access import Access

OTHERS = "AUTOML_ZERO_DASHBOARD_TOKEN or --token-file"


def dashboard(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="[FOLDER]...", help="Folders of runs; by default, runs.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to serve; 0.0.0.0 for all addresses of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to serve; 0 takes a free one.")] = 8765,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A file, readable by you alone, with the token; by default, a new token is made at each start.",
        ),
    ] = None,
    token: Annotated[str | None, typer.Option(help=f"Deprecated, as other users see it: use {OTHERS}.")] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A host name of this server behind a proxy; requests to others are then refused."
        ),
    ] = None,
    root_path: Annotated[str, typer.Option(metavar="PATH", help="The path below which a proxy shows the page.")] = "",
    max_runs: Annotated[
        int | None,
        typer.Option(min=1, help="Runs at the same time, while others wait; by default, one for each processor."),
    ] = None,
) -> None:
    """Serve a page that follows runs, compares them, and starts and stops them, until Ctrl-C."""
    _check_library()
    from automl_zero.dashboard.server.app import Dashboard, make_app
    from automl_zero.dashboard.server.serve import addresses, listen, serve

    roots = folders or [Path("runs")]
    _check_folders(folders or [])
    access, is_own = _access(host, token_file, token, allow_host or [], root_path)
    server = Dashboard(roots, max_runs)
    with listen(host, port) as listener:
        for each in addresses(host, listener):
            echo(f"dashboard: {each}?token={'...' if is_own else access.token}")
        serve(make_app(server, access), listener, server.close)
    if waiting := server.launcher.waiting():
        echo(f"runs that were still waiting and are not started: {', '.join(waiting)}", err=True)


def _access(host: str, file: Path | None, token: str | None, names: list[str], root: str) -> tuple[Access, bool]:
    """Return the access rules, and whether the user gave the token, which then need not be printed."""
    from automl_zero.dashboard.server.access import (
        SHORT,
        Access,
        checked_names,
        checked_root,
        is_loopback,
        names_of_machine,
        new_token,
        own_token,
    )

    given = own_token(file, token)
    if token is not None:
        echo(f"warning: --token shows the token to all users of this machine (ps): use {OTHERS}", err=True)
    if given and len(given) < SHORT:
        echo(f"warning: the token has {len(given)} characters and may be guessed: use {SHORT} or more", err=True)
    allowed = checked_names(names)
    own = names_of_machine() if allowed and not is_loopback(host) else frozenset()
    return Access(given or new_token(), allowed, own | {host.lower()}, checked_root(root)), given is not None


def _check_library() -> None:
    from automl_zero.config import ConfigError

    if not (find_spec("starlette") and find_spec("uvicorn")):
        raise ConfigError("the dashboard needs libraries that are not installed: pip install '.[dashboard]'")


def _check_folders(folders: list[Path]) -> None:
    from automl_zero.run.record.run_folder import StoreError

    for folder in folders:
        if not folder.is_dir():
            raise StoreError(f"{folder} is not a folder: give folders that hold runs")
