"""Runs from Python and in notebooks: a run is done as the command does it, and its result is an object.

This room stands above ``run``, whose runs it does, and beside no other that shows them: it is the only one that knows
IPython, which is never imported unless it is there already.
"""

from automl_zero.notebook.result import Result
from automl_zero.notebook.search import Search

__all__ = ["Result", "Search"]
