"""A value that is computed once for simultaneous callers."""

from __future__ import annotations

import threading
import time

from automl_zero.dashboard.server.single_flight import SingleFlight


def test_a_crowd_shares_what_was_computed_once_and_after_it_had_asked() -> None:
    begun: list[float] = []
    answers: list[tuple[float, float]] = []

    def find() -> float:
        begun.append(time.monotonic())
        time.sleep(0.1)
        return begun[-1]

    shared = SingleFlight(find)

    def ask() -> None:
        asked = time.monotonic()
        answers.append((asked, shared.value()))

    crowd = [threading.Thread(target=ask) for _ in range(30)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    assert len(answers) == 30
    assert all(asked <= found for asked, found in answers)
    assert len(begun) <= 5
