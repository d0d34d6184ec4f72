"""Start, find and stop operating system processes that outlive the one who started them.

A server is known by a file with its process id and start time, so that a test, a second command
or the next run finds it again, and never takes a stranger that was given the same id for it.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from omnibus.local import system_user
from omnibus.problem import Problem

# Children of this process: kept so that they are reaped, and not reported as forgotten.
_children: dict[int, subprocess.Popen[bytes]] = {}


def alive(process: psutil.Process) -> bool:
    """Tell whether a process still runs; a zombie does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_gone(process: psutil.Process, seconds: float) -> bool:
    """Wait until a process has ended; reap it when it is a child. False when time is over."""
    child = _children.get(process.pid)
    if child is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
            _children.pop(process.pid, None)
    else:
        # Not psutil's wait: a zombie that somebody else must reap would hold it up.
        _wait_all_gone([process], seconds)
    return not alive(process)


class Server:
    """One long-running process, found again by its pid file."""

    def __init__(self, name: str, pid_file: Path, log: Path) -> None:
        """Name it for people; `log` takes what it prints."""
        self.name = name
        self.log = log
        self._pid_file = pid_file

    def start(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        user: str | None = None,
        folder: Path | None = None,
    ) -> psutil.Process:
        """Start it in a session of its own, so that Ctrl-C at the terminal does not reach it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            try:
                child = subprocess.Popen(
                    list(command),
                    env=dict(env),
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **system_user.identity(user),
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise Problem(
                    f"{self.name} could not be started ({error}): check that"
                    f" {command[0]} can be executed."
                ) from None
        _children[child.pid] = child
        process = psutil.Process(child.pid)
        self._pid_file.parent.mkdir(parents=True, exist_ok=True)
        self._pid_file.write_text(f"{child.pid} {process.create_time()}", encoding="utf-8")
        return process

    def process(self) -> psutil.Process | None:
        """Return the running process, or None."""
        for pid in [pid for pid, child in _children.items() if child.poll() is not None]:
            _children.pop(pid, None)
        try:
            number, created = self._pid_file.read_text(encoding="utf-8").split()
            process = psutil.Process(int(number))
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        if abs(process.create_time() - float(created)) > 1 or not alive(process):
            return None
        return process

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when it does not run."""
        process = self.process()
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> None:
        """Ask it to stop, insist after `seconds`, and leave nothing that it started behind."""
        process = self.process()
        if process is not None:
            family = _family(process.pid)
            self.send(number)
            if not wait_gone(process, seconds):
                self.kill()
            _end(family)
        elif leader := self._crashed():
            _end(_family(leader))
        self._pid_file.unlink(missing_ok=True)

    def _crashed(self) -> int | None:
        """Return the id it had if it ended by itself and nobody has that id now."""
        try:
            leader = int(self._pid_file.read_text(encoding="utf-8").split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None
        # The kernel gives an id to nobody while a session bears it, so the orphans are ours.
        return None if psutil.pid_exists(leader) else leader

    def kill(self) -> None:
        """Kill it and what it started, at once, as a crash would."""
        process = self.process()
        if process is None:
            return
        family = _family(process.pid)
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
        wait_gone(process, 10)
        _end(family)


def _family(leader: int) -> list[psutil.Process]:
    """Return what a process started: its descendants, and orphans of the session it began."""
    found: dict[int, psutil.Process] = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        found = {child.pid: child for child in psutil.Process(leader).children(recursive=True)}
    for other in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(other.pid) == leader != other.pid:
                found[other.pid] = other
    return list(found.values())


def _end(family: list[psutil.Process]) -> None:
    # Most have seen their parent go and are about to follow.
    _wait_all_gone(family, seconds=2)
    for member in family:
        if alive(member):
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
    _wait_all_gone(family, seconds=5)


def _wait_all_gone(family: list[psutil.Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(alive(member) for member in family) and time.monotonic() < deadline:
        time.sleep(0.02)


def tail(log: Path, lines: int = 3) -> str:
    """Return the last lines of a log on one line, for a sentence about a failure."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "it printed nothing"
    last = [line.strip() for line in text.splitlines() if line.strip()][-lines:]
    return " | ".join(last)[-200:] or "it printed nothing"
