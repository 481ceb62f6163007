"""A value that is computed once for all who ask for it at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class SingleFlight(Generic[Value]):
    """The value of a function, computed after it was asked for.

    Callers that come during a computation wait for it, and then share the next one, so that any number of simultaneous
    callers costs two computations at most.
    """

    def __init__(self, compute: Callable[[], Value]) -> None:
        self._compute, self._lock = compute, threading.Lock()
        self._found: tuple[float, Value] | None = None  # the value, and when its computation began

    def value(self) -> Value:
        """Return a value of the function whose computation began after this call."""
        asked = time.monotonic()
        with self._lock:
            if self._found is None or self._found[0] < asked:
                began = time.monotonic()
                self._found = began, self._compute()
            return self._found[1]
