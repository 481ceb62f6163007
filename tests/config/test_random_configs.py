"""No config ends in a traceback, a hang, a signal or a NaN: it runs within its time, or is refused in words."""

from __future__ import annotations

import sys
from itertools import islice

import pytest
from support.runs.random_configs import SECONDS, Worker, cases, keys

COUNT, SEED = 40, 1
LATE = 20.0  # seconds beyond its limit that a run may take on a busy machine, compilation included

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of memory are set as Unix does")


def test_all_keys_are_tried() -> None:
    tried = {key for case in islice(cases(SEED), 3000) for key in case.changes}
    assert {key for key, _ in keys()} <= tried


def test_no_config_ends_in_anything_but_a_result_or_words() -> None:
    worker = Worker()
    try:
        for number, case in enumerate(islice(cases(SEED), COUNT)):
            outcome = worker.run(case)
            assert outcome.is_right, (case, outcome)
            assert number == 0 or outcome.seconds < SECONDS + LATE, (case, outcome)
    finally:
        worker.close()
