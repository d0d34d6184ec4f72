"""What the chassis stands on breaks: signals, broker, database, alarms; nobody has to help."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pika
import pytest

from chassis.errors import CRMError, Unavailable
from chassis.ids import new_id
from chassis.rpc_client import RpcClient
from tests.component.chassis.test_events import envelope, publish
from tests.fixtures.hosted import LISTENER, TESTER, DemoHouse, Process, demo, eventually, relay

RECOVERY = 30.0
"""Promised: everything is back this many seconds after what broke is back."""


@pytest.fixture
def process(house: DemoHouse) -> Iterator[Process]:
    """A fresh demo service for each test, since each ends or breaks it."""
    made = demo(house).wait_ready()
    yield made
    made.kill()


class Callers:
    """Clients that call all the time and note how each call ended and how long it took."""

    def __init__(self, house: DemoHouse, count: int = 3, timeout: float = 2.0) -> None:
        self.house, self.timeout = house, timeout
        self.client = house.client()
        self.acknowledged: list[str] = []
        self.endings: list[tuple[str, float]] = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self._call) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _call(self) -> None:
        while not self.stopped.is_set():
            mark, started = f"call-{new_id()}", time.monotonic()
            try:
                self.client.call(
                    "demo", "make_thing", {"mark": mark}, TESTER, timeout=self.timeout, key=mark
                )
                self.acknowledged.append(mark)
                ending = "ok"
            except Unavailable as error:
                ending = error.code
            except CRMError as error:
                ending = f"unexpected {error!r}"
            self.endings.append((ending, time.monotonic() - started))
            time.sleep(0.02 if ending == "ok" else 0.1)

    def stop(self) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        self.client.stop()

    def check(self) -> None:
        """Every call ended within deadline + 0.5 s, refused only as unavailable; none was lost."""
        assert not [ending for ending, _ in self.endings if ending.startswith("unexpected")]
        assert max(took for _, took in self.endings) <= self.timeout + 0.5
        assert self.acknowledged
        lost = [mark for mark in self.acknowledged if not self.house.runs(mark)]
        assert eventually(lambda: not [mark for mark in lost if not self.house.runs(mark)], 20)
        assert max(self.house.runs(mark) for mark in self.acknowledged) == 1


def test_handlers_in_flight_at_sigterm_run_once_and_their_replies_arrive(
    house: DemoHouse, process: Process
) -> None:
    """R10: handlers of 0.2, 1, 3 and 10 s, calls and events; exit 0 within 25 s."""
    client = house.client()
    sender = relay(house).wait_ready()
    try:
        seconds = (0.2, 1.0, 3.0, 10.0)
        calls = [(f"rpc-{new_id()}", each) for each in seconds for _ in range(2)]
        pending = [
            client.send("demo", "leave_mark", {"mark": mark, "seconds": each}, TESTER, timeout=30)
            for mark, each in calls
        ]
        events = [f"sleep-{each}-{new_id()}" for each in seconds]
        for mark in events:
            publish(house, json.dumps(envelope(mark)).encode())
        time.sleep(0.15)
        started = time.monotonic()
        process.signal(signal.SIGTERM)
        replies = [each.result()["mark"] for each in pending]
        code = process.process.wait(25)

        assert code == 0 and time.monotonic() - started <= 25
        assert replies == [mark for mark, _ in calls]
        process.process = demo(house).wait_ready().process
        assert eventually(lambda: [house.runs(mark) for mark in events] == [1] * 4, 15)
        assert [house.runs(mark) for mark, _ in calls] == [1] * 8
    finally:
        sender.kill()
        client.stop()


def test_a_request_sent_during_the_drain_is_run_once_by_the_next_process(
    house: DemoHouse, process: Process
) -> None:
    client = house.client()
    try:
        slow = client.send("demo", "leave_mark", {"mark": "d", "seconds": 2}, TESTER, timeout=20)
        time.sleep(0.2)
        process.signal(signal.SIGTERM)
        time.sleep(0.5)
        mark = f"during-{new_id()}"
        waiting = client.send("demo", "leave_mark", {"mark": mark}, TESTER, timeout=20)
        slow.result()
        assert process.process.wait(25) == 0
        assert house.runs(mark) == 0

        process.process = demo(house).wait_ready().process

        assert waiting.result()["mark"] == mark
        assert house.runs(mark) == 1
    finally:
        client.stop()


def test_a_handler_that_outlives_the_grace_is_aborted_and_comes_again(house: DemoHouse) -> None:
    """Spike §5.6: exit code 1, nothing parked, nothing lost."""
    process = demo(house, DRAIN_SECONDS="2").wait_ready()
    mark = f"sleep-30-{new_id()}"
    publish(house, json.dumps(envelope(mark)).encode())
    assert eventually(lambda: house.depth(LISTENER) == 0)
    time.sleep(0.3)

    process.signal(signal.SIGTERM)
    code = process.process.wait(15)

    assert code == 1
    assert eventually(lambda: house.depth(LISTENER) == 1)
    assert house.runs(mark) == 0 and not house.parked(LISTENER)
    channel = house.channel()
    channel.queue_purge(LISTENER)
    channel.connection.close()


def test_sigterm_while_the_broker_is_away_ends_the_process(house: DemoHouse) -> None:
    house.house.rabbitmq.kill()
    process = demo(house)
    try:
        assert eventually(lambda: process.health("livez"), 20)
        health = process.health()
        assert health is not None and health.status_code == 503
        process.signal(signal.SIGTERM)

        assert process.process.wait(25) == 0
    finally:
        process.kill()
        house.house.rabbitmq.start()


@pytest.mark.parametrize("down", [3, pytest.param(20, marks=pytest.mark.audit)])
def test_a_broker_killed_for_a_while_loses_nothing(
    house: DemoHouse, process: Process, down: int
) -> None:
    """R3: calls end within deadline + 0.5 s, all recover, nothing acknowledged is lost."""
    sender = relay(house).wait_ready()
    callers = Callers(house)
    try:
        time.sleep(1.5)
        house.house.rabbitmq.kill()
        time.sleep(down)
        house.house.rabbitmq.start()
        back = time.monotonic()
        assert eventually(lambda: process.ready() and sender.ready(), RECOVERY, 0.2)
        before = len(callers.acknowledged)
        assert eventually(lambda: len(callers.acknowledged) > before + 5, RECOVERY)
        assert time.monotonic() - back < 2 * RECOVERY
    finally:
        callers.stop()
    callers.check()
    assert process.alive() and sender.alive()
    assert eventually(lambda: house.unsent() == 0, 15)
    assert not house.parked(LISTENER)
    sender.kill()


@pytest.mark.parametrize("kills", [2, pytest.param(5, marks=pytest.mark.audit)])
def test_broker_kills_leave_no_greenlet_behind(
    house: DemoHouse, process: Process, kills: int
) -> None:
    client = house.client()

    def greenlets() -> int:
        return int(client.call("demo", "misbehave", {"value": "greenlets"}, TESTER, timeout=3))

    try:
        before = greenlets()
        for _ in range(kills):
            house.house.rabbitmq.kill()
            house.house.rabbitmq.start()
            assert eventually(lambda: process.ready() and client.connected, RECOVERY, 0.1)

        assert greenlets() <= before + 3
        assert client.waiting == 0
    finally:
        client.stop()


def test_a_database_restart_parks_nothing_and_everything_recovers(
    house: DemoHouse, process: Process
) -> None:
    """R6: calls fail as unavailable, events wait; both go on by themselves."""
    sender = relay(house).wait_ready()
    callers = Callers(house)
    marks = [f"db-{number}-{new_id()}" for number in range(20)]
    try:
        time.sleep(1)
        house.house.postgres.kill()
        for mark in marks:
            publish(house, json.dumps(envelope(mark)).encode())
        time.sleep(4)
        house.house.postgres.start()
        assert eventually(lambda: process.ready() and sender.ready(), RECOVERY, 0.2)
        before = len(callers.acknowledged)
        assert eventually(lambda: len(callers.acknowledged) > before + 5, RECOVERY)
    finally:
        callers.stop()
    callers.check()
    assert eventually(lambda: all(house.runs(mark) == 1 for mark in marks), RECOVERY)
    assert not house.parked(LISTENER)
    sender.kill()


def test_a_blocked_broker_refuses_new_calls_at_once_while_events_keep_flowing(
    house: DemoHouse, process: Process
) -> None:
    """R5: memory alarm. Events were queued before; new calls fail, acknowledgements go on."""
    client = house.client()
    marks = [f"sleep-0.1-{new_id()}" for _ in range(120)]
    for mark in marks:
        publish(house, json.dumps(envelope(mark)).encode())
    try:
        house.house.rabbitmq.control("set_vm_memory_high_watermark", "0.0000001")
        # The broker tells who publishes: one call does, and waits in vain.
        with pytest.raises(Unavailable):
            client.call("demo", "echo", {"value": 1}, TESTER, timeout=1)
        assert eventually(lambda: not client.connected)
        started = time.monotonic()
        with pytest.raises(Unavailable, match="broker_blocked"):
            client.call("demo", "echo", {"value": 1}, TESTER, timeout=5)
        assert time.monotonic() - started < 0.5  # Not its deadline of 5 s: at once.
        assert eventually(lambda: all(house.runs(mark) == 1 for mark in marks), 20)
    finally:
        house.house.rabbitmq.control("set_vm_memory_high_watermark", "0.4")
    assert eventually(lambda: _echoes(client), 15)
    assert process.alive()
    client.stop()


def _echoes(client: RpcClient) -> bool:
    try:
        return client.call("demo", "echo", {"value": 1}, TESTER, timeout=2) == 1
    except Unavailable:
        return False


def test_a_deleted_queue_is_declared_again_and_other_lanes_do_not_notice(
    house: DemoHouse, process: Process
) -> None:
    """Spike §3: basic.cancel from the broker, then a channel closed by it."""
    client = house.client()
    channel: Any = house.channel()
    try:
        channel.queue_delete(LISTENER)
        assert client.call("demo", "echo", {"value": 1}, TESTER, timeout=3) == 1
        assert eventually(process.ready, 15)
        mark = f"again-{new_id()}"
        publish(house, json.dumps(envelope(mark)).encode())
        assert eventually(lambda: house.runs(mark)) == 1

        channel.queue_delete("rpc-demo")
        assert eventually(lambda: _echoes(client), 20)
    finally:
        channel.connection.close()
        client.stop()


def test_a_wake_up_that_comes_late_does_not_disturb_a_blocked_hub(
    house: DemoHouse, process: Process
) -> None:
    """Spike §2.1: a handler blocks the hub while requests pour in; all are answered, in order."""
    client = house.client()
    try:
        blocker = client.send("demo", "misbehave", {"value": "block"}, TESTER)
        echoes = [client.send("demo", "echo", {"value": number}, TESTER) for number in range(50)]

        assert blocker.result() == "block"
        assert [echo.result() for echo in echoes] == list(range(50))
        assert process.metric("crm_lost_acks_total") == 0
        assert process.metric("crm_hub_lag_seconds_count") > 0
    finally:
        client.stop()


def test_a_poison_message_does_not_make_reconnects(house: DemoHouse, process: Process) -> None:
    """A forged node in the reply address costs a connection that nothing else uses."""
    import base64

    client = house.client()
    pid = base64.b64encode(b"\x83\x58\x77\x0areply@1234" + b"\0" * 12).decode()
    channel = house.channel()
    try:
        for _ in range(10):
            channel.basic_publish(
                "nameko-rpc",
                "demo.echo",
                b'{"args": [], "kwargs": {}}',
                pika.BasicProperties(reply_to=f"amq.rabbitmq.reply-to.{pid}.x", correlation_id="1"),
            )
            assert client.call("demo", "echo", {"value": 1}, TESTER, timeout=3) == 1

        assert process.log.read_text().count('"amqp_down"') <= 2
    finally:
        channel.connection.close()
        client.stop()
