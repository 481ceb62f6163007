"""Dashboards that were opened in a test end with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.dashboard.client import OPENED


@pytest.fixture(autouse=True)
def _close_all() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()
