"""The command ``presets``."""

from __future__ import annotations

import json

from support.runs.invocations import invoke

from automl_zero.config import load_config, preset_names


def test_every_preset_is_listed_with_its_description() -> None:
    rows = json.loads(invoke("presets", "--json").stdout)
    assert [row["name"] for row in rows] == preset_names()
    text = invoke("presets").stdout
    assert all(row["description"] == load_config(row["name"]).description and row["name"] in text for row in rows)
