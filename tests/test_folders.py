from pathlib import Path

import pytest

from automl_zero.folders import CACHE_VARIABLE, cache_root, hash_of_files


def test_the_variable_moves_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.delenv(CACHE_VARIABLE)
    assert cache_root().name == "automl-zero"


def test_the_hash_is_that_of_the_contents_whatever_their_order(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b")]
    for file in files:
        file.write_text(file.name)
    found = hash_of_files(files, "text")
    assert hash_of_files(files[::-1], "text") == found
    assert hash_of_files(files, "another text") != found
    files[0].write_text("changed")
    assert hash_of_files(files, "text") != found
