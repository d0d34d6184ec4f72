"""One run at a time in one folder."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from omnibus.problem import Problem


@contextlib.contextmanager
def held(home: Path) -> Iterator[None]:
    """Hold the house of this folder; the kernel lets go of it however this process ends.

    Raises:
        Problem: Another process holds it.
    """
    path = home / "state" / "run.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = path.read_text(encoding="utf-8").strip() or "unknown"
            raise Problem(
                f"The system of this checkout is running already (process {holder}):"
                " stop it with Ctrl-C there, or with `kill` and that number."
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)
