"""The command ``automl-zero``: a module for each of its commands, and the table that registers them in ``app``.

Modules that take long to load are imported inside the commands that need them, so that ``--help`` is shown at once.
"""

from automl_zero.cli.app import main

__all__ = ["main"]
