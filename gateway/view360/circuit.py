"""A circuit breaker per service: a service that does not answer must not make each reader wait."""

import threading
from collections.abc import Callable

from chassis import clock

FAILURES = 5
"""Failures in a row that open the circuit."""

OPEN_SECONDS = 2.0
"""How long nobody asks; then one reader does, and the others go on without."""


class Circuit:
    """Closed: everybody asks. Open: nobody does, but one reader at a time tries now and then."""

    def __init__(self, now: Callable[[], float] = clock.monotonic) -> None:
        self._now = now
        self._failures = 0
        self._next_try = 0.0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Return whether readers are being turned away."""
        return self._failures >= FAILURES

    def may_ask(self) -> bool:
        """Return whether this reader may ask; of an open circuit it is then the one that tries."""
        if self._failures < FAILURES:
            return True
        with self._lock:
            if self._now() < self._next_try:
                return False
            self._next_try = self._now() + OPEN_SECONDS
            return True

    def answered(self) -> None:
        """Note that the service answered, be it with a refusal."""
        if self._failures:
            self._failures = 0

    def failed(self) -> None:
        """Note that the service did not answer."""
        with self._lock:
            self._failures += 1
            if self._failures == FAILURES:
                self._next_try = self._now() + OPEN_SECONDS
