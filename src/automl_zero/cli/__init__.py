"""The command ``automl-zero``: a module for each of its commands, which has its name, and their table in ``commands``.

Modules that take long to load are imported inside the commands that need them, so that ``--help`` is shown at once.
"""

from automl_zero.cli.commands import main

__all__ = ["main"]
