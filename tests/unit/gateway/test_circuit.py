"""The circuit breaker: a service that does not answer makes few readers wait (M4)."""

from gateway.view360.circuit import FAILURES, OPEN_SECONDS, Circuit


class Clock:
    """A clock that a test moves."""

    at = 0.0

    def __call__(self):
        return self.at


def opened(now):
    circuit = Circuit(now)
    for _ in range(FAILURES):
        assert circuit.may_ask()
        circuit.failed()
    return circuit


def test_it_opens_after_failures_in_a_row():
    circuit = opened(Clock())

    assert circuit.is_open
    assert not circuit.may_ask()


def test_an_answer_in_between_keeps_it_closed():
    circuit = Circuit(Clock())
    for _ in range(FAILURES * 3):
        circuit.failed()
        circuit.answered()

    assert circuit.may_ask()


def test_one_reader_at_a_time_tries_an_open_circuit():
    now = Clock()
    circuit = opened(now)
    now.at += OPEN_SECONDS

    assert [circuit.may_ask() for _ in range(3)] == [True, False, False]
    circuit.failed()
    assert not circuit.may_ask()
    now.at += OPEN_SECONDS
    assert circuit.may_ask()


def test_it_closes_when_the_service_answers_again():
    now = Clock()
    circuit = opened(now)
    now.at += OPEN_SECONDS
    circuit.may_ask()
    circuit.answered()

    assert [circuit.may_ask() for _ in range(3)] == [True, True, True]
