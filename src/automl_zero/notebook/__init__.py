"""Runs from Python and in notebooks: a run is done as the command does it, and its result is an object.

This room is apart from the command because nobody types here: it gives objects, and draws in a notebook. It alone
knows IPython, and imports it only where it is loaded already; there, it has programs and figures shown as such.
"""

from automl_zero.notebook.formats import offer
from automl_zero.notebook.result import Result
from automl_zero.notebook.search import Search

__all__ = ["Result", "Search"]

offer()
