"""CPU time of everything that has a part in a request, by role."""

import contextlib
from collections.abc import Callable

import psutil

Usage = dict[str, float]


class Meter:
    """Reads the CPU seconds of process trees.

    Args:
        pids: Returns the process ids by role; the children of each count too.
    """

    def __init__(self, pids: Callable[[], dict[str, list[int]]]) -> None:
        self._pids = pids
        self._before: Usage = {}

    def start(self) -> None:
        """Take the first reading."""
        self._before = self._read()

    def stop(self) -> Usage:
        """Return the CPU seconds since the start, by role."""
        after = self._read()
        return {role: value - self._before.get(role, 0.0) for role, value in after.items()}

    def _read(self) -> Usage:
        found: Usage = {}
        for role, pids in self._pids().items():
            seen: set[int] = set()
            total = 0.0
            for pid in pids:
                with contextlib.suppress(psutil.NoSuchProcess):
                    root = psutil.Process(pid)
                    for process in (root, *root.children(recursive=True)):
                        if process.pid in seen:
                            continue
                        seen.add(process.pid)
                        with contextlib.suppress(psutil.NoSuchProcess):
                            # What ended children used is in the times of their parent.
                            total += sum(process.cpu_times()[:4])
            found[role] = total
        return found


def per_request(usage: Usage, count: int) -> Usage:
    """Return CPU milliseconds for one of so many requests, by role, the most first."""
    each = {role: round(1000 * value / count, 3) for role, value in usage.items()}
    return dict(sorted(each.items(), key=lambda item: -item[1]))
