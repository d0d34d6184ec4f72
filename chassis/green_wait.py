"""How psycopg waits in a green process: in the hub itself.

psycopg's own wait in Python makes a selector for every statement, which eventlet turns into a green
`select` with a timer and a wake-up every tenth of a second. A statement nearly always waits for one
thing only, that its connection becomes readable, and that is what the hub does best.
"""

import select
from typing import Any

from eventlet.hubs import trampoline
from psycopg import waiting


def install() -> None:
    """Let every synchronous connection of this process wait in the hub."""
    waiting.wait = _wait


def _wait(gen: Any, fileno: int, interval: float = 0.0, timeout: float | None = None) -> Any:
    if timeout is not None:  # Somebody waits for notifications: rare, and bounded.
        return waiting.wait_selector(gen, fileno, interval, timeout)
    try:
        state = next(gen)
        while True:
            if state == waiting.WAIT_R:
                trampoline(fileno, read=True)
                state = gen.send(waiting.READY_R)
                continue
            # More to send than the socket takes at once: whichever comes first.
            readers = [fileno] if state & waiting.WAIT_R else []
            readable, writable, _ = select.select(readers, [fileno], [])
            ready = (waiting.READY_R if readable else 0) | (waiting.READY_W if writable else 0)
            state = gen.send(ready)
    except StopIteration as end:
        return end.value
