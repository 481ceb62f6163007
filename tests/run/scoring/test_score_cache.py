from pathlib import Path

import pytest

from automl_zero.run.record.events import Baseline, Score
from automl_zero.run.scoring import score_cache
from automl_zero.run.scoring.score_cache import cached
from automl_zero.system.cache_dir import CACHE_VARIABLE
from automl_zero.system.ownership import HAS_OWNERS
from automl_zero.tasks.splits import Stage

ONE = Baseline(name="one", setting="none", scores={Stage.FINAL: Score(0.5, None)})
OTHER = Baseline(name="other", setting="none", scores={Stage.FINAL: Score(0.25, 0.125)})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("score", [ONE, OTHER])
def test_a_known_score_is_read_as_it_was(folder: Path, score: Baseline) -> None:
    assert cached(["key", 1], lambda: score) == score
    assert cached(["key", 1], lambda: pytest.fail("computed again")) == score
    assert [each.suffix for each in (folder / "baselines").iterdir()] == [".json"]


@pytest.mark.usefixtures("folder")
def test_another_key_is_another_score() -> None:
    assert cached(["key", 1], lambda: ONE) == ONE
    assert cached(["key", 2], lambda: OTHER) == OTHER


def test_a_damaged_file_is_computed_again(folder: Path) -> None:
    cached(["key"], lambda: ONE)
    (file,) = (folder / "baselines").iterdir()
    file.write_bytes(file.read_bytes()[:20])
    assert cached(["key"], lambda: OTHER) == OTHER
    assert cached(["key"], lambda: pytest.fail("computed again")) == OTHER


@pytest.mark.parametrize("content", [b"", b"{", b"null", b'{"name": 1}', b"\xff\xfe", b"[" * 100_000])
def test_a_file_of_something_else_is_computed_again(content: bytes, folder: Path) -> None:
    cached(["key"], lambda: ONE)
    (file,) = (folder / "baselines").iterdir()
    file.write_bytes(content)
    assert cached(["key"], lambda: OTHER) == OTHER
    assert cached(["key"], lambda: pytest.fail("computed again")) == OTHER


def test_without_a_folder_to_write_to_it_is_computed_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_cache, "cache_root", lambda: None)
    assert cached(["key"], lambda: ONE) == ONE
    assert cached(["key"], lambda: OTHER) == OTHER


@pytest.mark.skipif(not HAS_OWNERS, reason="files have no owners here")
def test_scores_that_others_could_write_are_not_believed(folder: Path) -> None:
    cached(["key"], lambda: ONE)
    (folder / "baselines").chmod(0o777)
    assert cached(["key"], lambda: OTHER) == OTHER
