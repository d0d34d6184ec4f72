"""Turn the signals that ask a command to end into one exception."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """Somebody asked this command to end. Not an error, so nothing may catch it on the way."""


@contextlib.contextmanager
def raised_as_ended() -> Iterator[None]:
    """Raise `Ended` in the main thread at the first signal; later ones change nothing."""

    def end(number: int, frame: FrameType | None) -> None:
        ignore()
        raise Ended

    before = {number: signal.signal(number, end) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore() -> None:
    """Let nothing interrupt what is being stopped; every step of it has a time limit."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
