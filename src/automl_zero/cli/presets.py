"""The command ``automl-zero presets``: the configs that come with the package."""

from __future__ import annotations

from automl_zero.cli.support.options import AsJson
from automl_zero.cli.support.printing import print_rows


def presets(as_json: AsJson = False) -> None:
    """List the presets, which 'run' takes."""
    from automl_zero.config import load_config, preset_names

    rows = [{"name": name, "description": load_config(name).description} for name in preset_names()]
    print_rows(("name", "description"), rows, as_json)
