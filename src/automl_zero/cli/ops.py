"""The command ``automl-zero ops``: the instruction set."""

from __future__ import annotations

from automl_zero.cli.support.options import AsJson
from automl_zero.cli.support.printing import print_rows

COLUMNS = ("number", "name", "signature", "form", "cost")


def ops(as_json: AsJson = False) -> None:
    """List the instruction set."""
    from automl_zero.program.ops import OPS

    print_rows(COLUMNS, [{name: getattr(op, name) for name in COLUMNS} for op in OPS], as_json)
