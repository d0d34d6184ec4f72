"""CPU time of everything that has a part in a request, by role."""

import contextlib
import os
import time
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
        self._busy = self._begun = 0.0
        self.foreign = 0.0

    def start(self) -> None:
        """Take the first reading."""
        self._busy, self._begun = _busy_elsewhere(), time.monotonic()
        self._before = self._read()

    def stop(self) -> Usage:
        """Return the CPU seconds since the start, by role.

        Afterwards `foreign` says how many cores others used meanwhile: the more, the more an
        honest second of CPU time was worth less.
        """
        after = self._read()
        used = {role: value - self._before.get(role, 0.0) for role, value in after.items()}
        busy = _busy_elsewhere() - self._busy - sum(used.values())
        self.foreign = round(max(busy, 0.0) / (time.monotonic() - self._begun), 2)
        return used

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


def _busy_elsewhere() -> float:
    """Return the CPU seconds that the machine has worked, without this process and its children."""
    times = psutil.cpu_times()
    own = sum(os.times()[:4])
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            # The measured system is a child of its supervisor, not of this process.
            own += sum(child.cpu_times()[:2])
    return float(times.user + times.nice + times.system + times.irq + times.softirq) - own


def per_request(usage: Usage, count: int) -> Usage:
    """Return CPU milliseconds for one of so many requests, by role, the most first."""
    each = {role: round(1000 * value / count, 3) for role, value in usage.items()}
    return dict(sorted(each.items(), key=lambda item: -item[1]))
