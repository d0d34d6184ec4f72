"""CPU time of everything that has a part in a request, by role."""

import contextlib
import os
import time
from collections.abc import Callable

import psutil

Usage = dict[str, float]


class Meter:
    """Reads the CPU seconds of process trees.

    Attributes:
        foreign: Cores that others used between start and stop: the more, the less a second of CPU
            time was worth.
    """

    def __init__(self, pids: Callable[[], dict[str, list[int]]]) -> None:
        """Read the trees below process ids, by role."""
        self.foreign = 0.0
        self._pids = pids
        self._before: Usage = {}
        self._elsewhere = self._begun = 0.0

    def start(self) -> None:
        """Take the first reading."""
        self._begun = time.monotonic()
        self._before, self._elsewhere = self._read()

    def stop(self) -> Usage:
        """Return the CPU seconds since the start, by role."""
        after, elsewhere = self._read()
        seconds = time.monotonic() - self._begun
        self.foreign = round(max(elsewhere - self._elsewhere, 0.0) / seconds, 2)
        return {role: value - self._before.get(role, 0.0) for role, value in after.items()}

    def _read(self) -> tuple[Usage, float]:
        """Return the seconds of each role, and those of all but them and this process."""
        used: Usage = {}
        seen: set[int] = set()
        for role, pids in self._pids().items():
            used[role] = sum(_tree(pid, seen) for pid in pids)
        own = sum(os.times()[:2])
        for child in psutil.Process().children():
            # The load; other children of this process belong to the measured system.
            if child.pid not in seen and "bench.load" in _command(child):
                own += _tree(child.pid, seen)
        times = psutil.cpu_times()
        busy = times.user + times.nice + times.system + times.irq + times.softirq
        return used, busy - sum(used.values()) - own


def _tree(pid: int, seen: set[int]) -> float:
    """Return the CPU seconds of a process and of all below it that were not seen yet."""
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            if process.pid in seen:
                continue
            seen.add(process.pid)
            with contextlib.suppress(psutil.NoSuchProcess):
                # What ended children used is in the times of their parent.
                total += sum(process.cpu_times()[:4])
    return total


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return list(process.cmdline())
    return []


def calibrate() -> float:
    """Return the CPU milliseconds of a fixed piece of work, the best of a few.

    Two cores of a cloud machine are often one: the same work then costs twice as much while the
    other core is busy. Figures of two runs compare only as far as this one does.
    """
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        table: dict[int, str] = {}
        for number in range(100_000):
            table[number % 1000] = str(number)
        best = min(best, time.process_time() - started)
    return round(1000 * best, 1)


def per_request(usage: Usage, count: int) -> Usage:
    """Return CPU milliseconds for one of so many requests, by role, the most first."""
    each = {role: round(1000 * value / count, 3) for role, value in usage.items()}
    return dict(sorted(each.items(), key=lambda item: -item[1]))
