from __future__ import annotations

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / ".ci" / "audit.py"
SOUND: dict[str, Any] = {"name": "good", "version": "1", "vulns": []}
FAULTY = {"name": "bad", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "own", "skip_reason": "not found"}


def verdict(report: str) -> tuple[str, int]:
    spec = spec_from_file_location("audit", FILE)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: tuple[str, int] = module.verdict(report)
    return found


@pytest.mark.parametrize(
    ("packages", "message", "code"),
    [
        ([SOUND, UNKNOWN], "none of 1 packages has one; 1 are not known", 0),
        ([SOUND, FAULTY], "bad 2: CVE-1, fixed in 3: raise its minimum", 1),
        ([UNKNOWN, UNKNOWN], "not looked up", 0),
    ],
)
def test_a_finding_fails_and_what_was_not_looked_up_is_reported(packages: list[Any], message: str, code: int) -> None:
    text, found = verdict(json.dumps({"dependencies": packages, "fixes": []}))
    assert (message in text, found) == (True, code)
    assert text.count("\n") == 0


def test_without_a_network_nothing_fails() -> None:
    assert verdict("") == ("vulnerabilities: not looked up, since their database cannot be reached from here", 0)
