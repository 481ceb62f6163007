"""The command ``ops``."""

from __future__ import annotations

import json

from support.runs.invocations import invoke

from automl_zero.program.ops import OPS


def test_every_op_is_listed() -> None:
    header, *lines = invoke("ops").stdout.splitlines()
    assert header.split() == ["number", "name", "signature", "form", "cost"]
    assert [line.split()[:2] for line in lines] == [[str(op.number), op.name] for op in OPS]
    assert json.loads(invoke("ops", "--json").stdout)[27] == {
        "number": 27,
        "name": OPS[27].name,
        "signature": "i,i->.",
        "form": OPS[27].form,
        "cost": OPS[27].cost,
    }
