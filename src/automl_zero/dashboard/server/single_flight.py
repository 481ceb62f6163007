"""A value that many ask for at once is found once for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class SingleFlight(Generic[Value]):
    """What a function gives, no older than the question.

    Who asks while it is being found waits, and all who have waited together are told the same: a crowd costs as much as
    two.
    """

    def __init__(self, find: Callable[[], Value]) -> None:
        self._find, self._lock = find, threading.Lock()
        self._found: tuple[float, Value] | None = None  # and when finding it began

    def value(self) -> Value:
        """What the function gives; it has begun after this was called."""
        asked = time.monotonic()
        with self._lock:
            if self._found is None or self._found[0] < asked:
                began = time.monotonic()
                self._found = began, self._find()
            return self._found[1]
