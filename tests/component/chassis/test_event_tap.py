"""A tap sees every event as it happens, and says when it may have missed some."""

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pika
import pytest

from chassis.event_tap import EventTap
from chassis.settings import DATABASES
from tests.component.chassis.test_events import envelope
from tests.fixtures.hosted import DemoHouse, eventually


class Listener:
    """What a cache would do: note each event, count the moments at which it must forget."""

    def __init__(self, house: DemoHouse) -> None:
        self.marks: list[str] = []
        self.lost = 0
        self._lock = threading.Lock()
        self.tap = EventTap(house.amqp_url, "tests", self._note, self._lose)

    def _note(self, event: Mapping[str, Any]) -> None:
        with self._lock:
            self.marks.append(event["data"]["after"]["mark"])

    def _lose(self) -> None:
        with self._lock:
            self.lost += 1


@pytest.fixture
def listener(house: DemoHouse) -> Iterator[Listener]:
    made = Listener(house)
    made.tap.start()
    assert eventually(lambda: made.tap.listening)
    yield made
    made.tap.stop()


def publish(house: DemoHouse, source: str, body: bytes) -> None:
    channel = house.channel()
    channel.basic_publish(f"{source}.events", "thing_made", body, pika.BasicProperties())
    channel.connection.close()


def test_the_events_of_every_publisher_are_seen(house: DemoHouse, listener: Listener) -> None:
    for source in DATABASES:
        publish(house, source, json.dumps(envelope(source, source=source)).encode())

    assert eventually(lambda: sorted(listener.marks) == sorted(DATABASES))


@pytest.mark.parametrize("body", [b"{bad", b"[]", b'{"id": 1}'])
def test_what_can_not_be_read_may_have_been_anything(
    house: DemoHouse, listener: Listener, body: bytes
) -> None:
    before = listener.lost
    publish(house, "leads", body)

    assert eventually(lambda: listener.lost == before + 1)
    assert listener.tap.listening


def test_a_lost_connection_is_told_when_it_goes_and_when_it_is_back(
    house: DemoHouse, listener: Listener
) -> None:
    """Whatever happened in between was not seen: who keeps something must forget it."""
    before = listener.lost

    house.drop_connection("tests tap")

    assert eventually(lambda: listener.lost >= before + 2 and listener.tap.listening, 15)
    publish(house, "leads", json.dumps(envelope("after")).encode())
    assert eventually(lambda: listener.marks == ["after"])
