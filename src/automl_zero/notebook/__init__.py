"""Runs from Python and in notebooks: ``Search`` runs like the command line does, and returns a ``Result``.

This package returns objects and draws in notebooks, while the command line prints. It alone uses IPython, and only
where IPython is loaded already; there, it registers how programs and figures are displayed.
"""

from automl_zero.notebook.formats import register_formatters
from automl_zero.notebook.result import Result
from automl_zero.notebook.search import Search

__all__ = ["Result", "Search"]

register_formatters()
