"""Named points at which a test may kill the process.

Every commit, publish, reply and acknowledgement has a point on each side; a lint proves it. In
production `CRASH_DIR` is unset and a point is one comparison. A test arms a point by writing a
file `<CRASH_DIR>/<point>--<what>` holding how many passes to survive; the process removes the file
and kills itself with SIGKILL, so the process that takes its place goes on undisturbed.
"""

import os
import signal
from pathlib import Path

_DIR = os.environ.get("CRASH_DIR")


def point(name: str, what: str) -> None:
    """Die here if a test asks for it.

    Args:
        name: Where, such as `before_commit`.
        what: In the course of what: a method or an event type.
    """
    if _DIR is None:
        return
    armed = Path(_DIR, f"{name}--{what}")
    try:
        left = int(armed.read_text() or "0")
    except FileNotFoundError:
        return
    if left > 0:
        armed.write_text(str(left - 1))
        return
    armed.unlink(missing_ok=True)
    os.kill(os.getpid(), signal.SIGKILL)
