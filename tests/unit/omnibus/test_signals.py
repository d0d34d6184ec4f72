import os
import signal

import pytest

from omnibus.local import signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_ends_and_a_second_does_not_disturb_the_clean_up(
    number: signal.Signals,
) -> None:
    stopped = []

    with signals.raised_as_ended():
        with pytest.raises(signals.Ended):
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        stopped.append("everything")

    assert stopped == ["everything"]


def test_the_handlers_of_before_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with signals.raised_as_ended():
        pass

    assert signal.getsignal(signal.SIGTERM) == before
