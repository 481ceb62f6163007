"""Fixtures of all tests, and the line that says how many golden cases were checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import settings

# No deadline: the first example compiles what it calls. The same examples in every run, so that a change is judged by
# what it changes; ``--hypothesis-profile=summarize_tasks`` looks for new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("repeatable")

GOLDEN = "golden "


@pytest.fixture
def count_golden(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Report a number of golden cases, by kind, for the summary; they count if the test passes."""
    return lambda kind, number: record_property(GOLDEN + kind, number)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        if report.when == "call":
            counts.update({name: number for name, number in report.user_properties if name.startswith(GOLDEN)})
    for name, number in sorted(counts.items()):
        terminalreporter.write_line(f"{name}: {number}")
