"""A thousand random configs, as in ``test_config_fuzz``, two at a time: none ends in anything but a result or words."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest
from support.runs.random_configs import Case, Outcome, Worker, cases

COUNT = int(1000 * float(os.environ.get("SOAK_SECONDS", "1200")) / 1200)  # fewer in a shorter soak
SEED, WORKERS = 1000, 2

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(sys.platform == "win32", reason="limits of memory are set as Unix does"),
]


def run_part(part: list[Case]) -> list[tuple[Case, Outcome]]:
    worker = Worker()
    try:
        return [(case, worker.run(case)) for case in part]
    finally:
        worker.close()


def test_a_thousand_configs_end_in_a_result_or_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    drawn = list(islice(cases(SEED), COUNT))
    with ThreadPoolExecutor(WORKERS) as pool:
        found = [
            each for part in pool.map(run_part, [drawn[first::WORKERS] for first in range(WORKERS)]) for each in part
        ]
    codes = [outcome.exit_code for _, outcome in found]
    slowest = max(outcome.seconds for _, outcome in found)
    with capsys.disabled():
        print(f"\n{len(found)} configs: {codes.count(0)} ran, {codes.count(2)} were refused; slowest {slowest:.1f} s")
    assert [each for each in found if not each[1].is_right] == []
    assert codes.count(0) > COUNT / 5  # enough of them are possible
