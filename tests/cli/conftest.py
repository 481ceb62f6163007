from __future__ import annotations

from pathlib import Path

import pytest
from support.runs.small_config import small_file


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the small config, in the folder that the command works in."""
    monkeypatch.chdir(tmp_path)
    return small_file(tmp_path)
