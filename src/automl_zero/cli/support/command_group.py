"""How the command runs and ends: with an error as one message and an exit code, and with guarded standard streams.

An error in the input is one line on stderr that names it, and exit code 2; nothing is written then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import typer
from typer.core import TyperGroup

from automl_zero.cli.support.ctrl_c import ending_within_seconds
from automl_zero.cli.support.plain_warnings import plain_warnings
from automl_zero.terminal.output import echo, guard_standard_streams, unwritten_reason
from automl_zero.terminal.printable import printable

BAD_INPUT, NOT_WRITTEN = 2, 1  # exit codes
INTERRUPTED = 130  # exit code after Ctrl-C


class ErrorReportingGroup(TyperGroup):
    """Commands that report an expected error as one message, without a traceback."""

    def make_context(self, *arguments: Any, **more: Any) -> Any:
        """Parse the options of the group itself."""
        with _cleaned_usage_errors():
            return super().make_context(*arguments, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the command line names."""
        try:
            with plain_warnings(), _cleaned_usage_errors():
                super().invoke(ctx)
        except (ValueError, OSError) as error:
            if not _is_expected(error):
                raise
            echo(f"error: {error}", err=True)
            raise typer.Exit(getattr(error, "exit_code", BAD_INPUT)) from None
        except KeyboardInterrupt as error:
            echo(str(error) or "interrupted", err=True)
            raise typer.Exit(getattr(error, "exit_code", INTERRUPTED)) from None
        except MemoryError as error:
            remedy = "make the population, the caches or the tasks smaller"
            echo(f"error: not enough memory ({error}): {remedy}", err=True)
            raise typer.Exit(BAD_INPUT) from None
        # A run ends by typer.Exit and does not come here: it is complete in its folder, whatever happens to the output.
        if reason := unwritten_reason():
            echo(f"error: the output could not be written ({reason}): write it somewhere else", err=True)
            raise typer.Exit(NOT_WRITTEN)


class ProcessCommand(typer.Typer):
    """The command as a process of its own: standard streams are guarded, and Ctrl-C ends it within two seconds."""

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        """Run the command line, and end the process."""
        guard_standard_streams()
        with ending_within_seconds():
            return super().__call__(*arguments, **more)


@contextmanager
def _cleaned_usage_errors() -> Iterator[None]:
    """Clean Typer's messages about a command line, in which a shell pattern may have put any file name."""
    try:
        yield
    except Exception as error:
        format_message = getattr(error, "format_message", None)
        if format_message is not None:
            vars(error)["format_message"] = partial(printable, format_message())
        raise


def _is_expected(error: Exception) -> bool:
    from automl_zero.config import ConfigError
    from automl_zero.program.program import ProgramError
    from automl_zero.run.record.run_folder import StoreError
    from automl_zero.tasks.task import TaskError

    return isinstance(error, ConfigError | ProgramError | StoreError | TaskError)
