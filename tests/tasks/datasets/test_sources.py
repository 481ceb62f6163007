"""The table of data sets."""

from __future__ import annotations

from automl_zero.tasks.datasets.sources import KNOWN


def test_every_row_is_complete() -> None:
    for known in KNOWN.values():
        hashes = [known.sha256, *(file.sha256 for each in (known.official, known.package) for file in each.files)]
        assert len(set(hashes)) == len(hashes)
        assert all(len(each) == 64 and int(each, 16) for each in hashes)
        assert len(known.package.files) == 1
        assert known.package.program in ("npm", "apt-get")
