"""What scripts write into the docs, or tables repeat from the code, is current."""

from __future__ import annotations

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from pydantic import TypeAdapter

from automl_zero.run.budget import BUDGETS
from automl_zero.run.record.events import Event

ROOT = Path(__file__).parents[2]


def script(name: str) -> ModuleType:
    spec = spec_from_file_location(name.replace("/", "_"), ROOT / "scripts" / f"{name}.py")
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_of_config_keys_is_current() -> None:
    keys = script("reference/config_keys")
    text = keys.PAGE.read_text(encoding="utf-8")
    assert keys.page(text) == text, "run: python scripts/reference/config_keys.py"


def test_the_pictures_of_packages_are_current() -> None:
    for path, text in script("figures/packages").pictures().items():
        assert path.read_text(encoding="utf-8") == text, "run: python scripts/figures/packages.py"


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_the_table_of_events_has_all_fields_by_their_names_in_files(kind: type) -> None:
    schema = TypeAdapter(kind).json_schema(by_alias=True)
    name = schema["properties"]["event"]["const"]
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (fields,) = re.findall(rf"^\| `{name}` \| [^|]* \| (.*) \|$", text, re.M)
    top = re.sub(r"\([^)]*\)", "", fields)  # without the fields of what is nested
    assert set(re.findall(r"`(\w+)`", top)) == set(schema["properties"]) - {"event"}


def test_the_table_of_budgets_has_all_of_them() -> None:
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| ", text.partition("## How a run ends")[0], re.M) == list(BUDGETS)


def test_the_readme_is_short_and_has_the_targets_that_ci_calls() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 120
    assert {"make demo", "make test", "make check"} <= set(re.findall(r"make \w+", text))
    assert set(re.findall(r"^make \w+", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.M)) <= set(
        re.findall(r"make \w+", text)
    )
