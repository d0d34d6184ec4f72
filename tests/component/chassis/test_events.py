"""Events from commit to effect: outbox, relay, retries, parking, replay."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pika
import psycopg
import pytest

from chassis.ids import new_id
from chassis.rpc_client import RpcClient
from omnibus.local.house import ROOT
from tests.fixtures.hosted import LISTENER, TESTER, DemoHouse, Process, demo, eventually, relay

pytestmark = pytest.mark.usefixtures("service", "relaying")


def make(client: RpcClient, mark: str) -> None:
    client.call("demo", "make_thing", {"mark": mark}, TESTER)


def envelope(mark: str, **changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": new_id(),
        "source": "demo",
        "type": "thing_made",
        "time": "2026-01-01T00:00:00Z",
        "subject": "thing/1",
        "dataschema": "/schemas/thing_made/1",
        "version": 1,
        "correlationid": "",
        "data": {"changes": {}, "after": {"id": "1", "mark": mark}},
        **changes,
    }


def publish(house: DemoHouse, body: bytes, **properties: Any) -> None:
    properties.setdefault("content_type", "application/json")
    properties.setdefault("message_id", new_id())
    channel = house.channel()
    channel.basic_publish("demo.events", "thing_made", body, pika.BasicProperties(**properties))
    channel.connection.close()


def command(house: DemoHouse, *arguments: str) -> str:
    code = (
        "import omnibus.topology as t, tests.fixtures.demo_service as d;"
        "t.service_classes = lambda: [d.SERVICE];"
        "from omnibus.dead_letters import app; app()"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        env={**house.env, "COLUMNS": "300", "EVENT_RETRY_SECONDS": "1,1,1,1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture(autouse=True)
def _nothing_parked(house: DemoHouse) -> Iterator[None]:
    yield
    house.parked(LISTENER)


def test_an_event_has_its_effect_once(house: DemoHouse, client: RpcClient) -> None:
    mark = f"plain-{new_id()}"

    make(client, mark)

    assert eventually(lambda: house.runs(mark)) == 1
    assert eventually(lambda: house.unsent() == 0)


def test_a_repeated_event_has_no_second_effect(house: DemoHouse) -> None:
    mark = f"twice-{new_id()}"
    body = json.dumps(envelope(mark)).encode()

    for _ in range(3):
        publish(house, body)

    assert eventually(lambda: house.runs(mark)) == 1
    time.sleep(0.3)
    assert house.runs(mark) == 1


def test_a_transaction_that_commits_late_is_published_too(house: DemoHouse) -> None:
    """Commit order is not id order: a relay that remembers the last id would lose this row."""
    early, late = f"early-{new_id()}", f"late-{new_id()}"
    url = house.env["DEMO_DATABASE_URL"].replace("+psycopg", "")
    insert = "insert into outbox (event_id, type, body) values (%s, 'thing_made', %s)"
    with psycopg.connect(url) as slow, psycopg.connect(url) as quick:
        first, second = envelope(late), envelope(early)
        slow.execute(insert, [first["id"], json.dumps(first)])
        quick.execute(insert, [second["id"], json.dumps(second)])
        quick.execute("notify outbox")
        quick.commit()
        assert eventually(lambda: house.runs(early)) == 1
        slow.execute("notify outbox")
        slow.commit()

    assert eventually(lambda: house.runs(late)) == 1


def test_a_failing_listener_is_retried_then_parked_with_its_history(
    house: DemoHouse, client: RpcClient, service: Process
) -> None:
    """R7: five attempts, one parked message, nothing of the exception's text in it."""
    mark = f"fail-{new_id()}"

    make(client, mark)
    assert eventually(lambda: house.depth(f"{LISTENER}.dlq"), 20) == 1
    [(headers, body)] = house.parked(LISTENER)

    assert headers["x-attempts"] == 5 and len(headers["x-history"]) == 5
    assert headers["x-reason"] == "ValueError" and headers["x-exchange"] == "demo.events"
    assert headers["x-first-at"] < headers["x-last-at"]
    assert "secret" not in str(headers) and mark in body.decode()
    assert house.runs(mark) == 0 and service.alive()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{bad", "bad_json"),
        (b"[]", "not_an_event"),
        (b'{"id": 5}', "not_an_event"),
        (json.dumps(envelope("x", dataschema="/schemas/thing_made/9")).encode(),
         "schema_version_unknown"),
    ],
    ids=["bad JSON", "array", "no envelope", "unknown version"],
)  # fmt: skip
def test_an_event_that_no_retry_can_mend_is_parked_at_the_first_attempt(
    house: DemoHouse, body: bytes, reason: str
) -> None:
    publish(house, body)

    assert eventually(lambda: house.depth(f"{LISTENER}.dlq")) == 1
    [(headers, parked)] = house.parked(LISTENER)
    assert (headers["x-reason"], headers["x-attempts"], parked) == (reason, 1, body)


def test_a_pickle_is_parked_and_never_loaded(house: DemoHouse) -> None:
    publish(house, b"\x80\x04N.", content_type="application/x-python-serialize")

    assert eventually(lambda: house.depth(f"{LISTENER}.dlq")) == 1
    assert house.parked(LISTENER)[0][0]["x-reason"] == "content_type_not_json"


def test_poison_among_good_events_stops_none_of_them(house: DemoHouse) -> None:
    """R7: every good event is done, each poison parked once."""
    marks = [f"good-{number}-{new_id()}" for number in range(60)]
    for number, mark in enumerate(marks):
        publish(house, json.dumps(envelope(mark)).encode())
        if number % 10 == 0:
            publish(house, b"{bad")

    assert eventually(lambda: all(house.runs(mark) == 1 for mark in marks), 15)
    assert eventually(lambda: house.depth(f"{LISTENER}.dlq") == 6)


def test_parked_messages_are_listed_shown_replayed_and_dropped(
    house: DemoHouse, client: RpcClient
) -> None:
    """R7: replay after the fix has exactly one effect."""
    mark = f"later-{new_id()}"
    event = envelope(mark, dataschema="/schemas/thing_made/9")
    publish(house, json.dumps(event).encode())
    publish(house, b"{bad")
    assert eventually(lambda: house.depth(f"{LISTENER}.dlq") == 2)

    assert LISTENER in command(house, "list") and "2" in command(house, "list")
    assert "schema_version_unknown" in command(house, "show", LISTENER)
    assert house.depth(f"{LISTENER}.dlq") == 2
    assert "Dropped 2" in command(house, "drop", LISTENER, "--yes")

    good = envelope(mark)
    channel = house.channel()
    for _ in range(2):
        channel.basic_publish(
            "", f"{LISTENER}.dlq", json.dumps(good).encode(),
            pika.BasicProperties(content_type="application/json", message_id=good["id"]),
        )  # fmt: skip
    channel.connection.close()
    assert eventually(lambda: house.depth(f"{LISTENER}.dlq") == 2)
    assert "Replayed 2" in command(house, "replay", LISTENER)
    assert eventually(lambda: house.runs(mark)) == 1
    assert house.depth(f"{LISTENER}.dlq") == 0


def test_an_event_that_no_queue_would_take_stays_unsent_and_is_measured(
    house: DemoHouse, client: RpcClient, relaying: Process
) -> None:
    """R14: nothing is marked sent until the queue is back; then it is delivered."""
    channel = house.channel()
    mark = f"homeless-{new_id()}"
    channel.queue_unbind(LISTENER, "demo.events", "thing_made")
    try:
        make(client, mark)
        assert eventually(lambda: relaying.metric('crm_outbox_published_total{outcome="refused"'))
        assert house.unsent() == 1
        assert eventually(lambda: relaying.metric("crm_outbox_unsent") >= 1)
    finally:
        channel.queue_bind(LISTENER, "demo.events", "thing_made")
        channel.connection.close()

    assert eventually(lambda: house.runs(mark)) == 1
    assert eventually(lambda: house.unsent() == 0)


def test_a_relay_killed_anywhere_loses_nothing_and_a_second_takes_over(
    house: DemoHouse, client: RpcClient
) -> None:
    """Two standbys; the active one is killed again and again while events are made."""
    standbys = [relay(house) for _ in range(2)]
    marks = [f"relay-{number}-{new_id()}" for number in range(150)]
    try:
        for standby in standbys:
            standby.wait_ready()
        maker = threading.Thread(target=lambda: [make(client, mark) for mark in marks])
        maker.start()
        for number, victim in enumerate(standbys):
            time.sleep(0.4)
            victim.kill()
            standbys[number] = relay(house)
        maker.join()

        assert eventually(lambda: all(house.runs(mark) == 1 for mark in marks), 20)
        assert eventually(lambda: house.unsent() == 0)
    finally:
        for standby in standbys:
            standby.kill()


def test_the_lock_of_a_killed_relay_passes_on_within_five_seconds(house: DemoHouse) -> None:
    first, second = relay(house).wait_ready(), relay(house).wait_ready()
    try:
        relays = [first, second]
        # The file's own relay holds the lock: stop it by its lock, not by its process.
        house.sql(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"
        )
        assert eventually(lambda: sum(each.metric("crm_relay_active{") for each in relays) <= 1, 5)
        mark = f"next-{new_id()}"
        made = house.client()
        make(made, mark)
        made.stop()
        assert eventually(lambda: house.runs(mark), 5) == 1
    finally:
        first.kill()
        second.kill()


def test_a_message_that_kills_its_process_is_parked_and_its_neighbours_are_not(
    house: DemoHouse, client: RpcClient, service: Process
) -> None:
    """R8: guilty parked after at most five deliveries, innocents one effect each."""
    service.end()
    killer = f"kill-{new_id()}"
    innocents = [f"sleep-0.3-{new_id()}" for _ in range(9)]
    for mark in [*innocents[:5], killer, *innocents[5:]]:
        publish(house, json.dumps(envelope(mark)).encode())
    deaths = 0
    process = demo(house)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and not house.depth(f"{LISTENER}.dlq"):
            if not process.alive():
                deaths += 1
                process = demo(house)
            time.sleep(0.1)
        [(headers, body)] = house.parked(LISTENER)
        assert killer in body.decode() and headers["x-reason"] == "kills_its_process"
        assert 1 <= deaths <= 5
        assert eventually(lambda: [house.runs(mark) for mark in innocents] == [1] * 9)
        assert house.depth(f"{LISTENER}.dlq") == 0
    finally:
        process.end()
        # The file's fixture is replaced for whoever comes next.
        service.process = demo(house).wait_ready().process


def test_a_request_that_kills_its_process_is_parked_and_answered(house: DemoHouse) -> None:
    """Spike §4: four runs, then parked; the caller is told."""
    assert os.environ["AMQP_URL"] == house.amqp_url
    process = demo(house, HEALTH_PORT="0")
    client = house.client()
    try:
        pending = client.send("demo", "misbehave", {"value": "kill"}, TESTER, timeout=55)
        until = time.monotonic() + 50
        while time.monotonic() < until and client.waiting:
            if not process.alive():
                process = demo(house, HEALTH_PORT="0")
            time.sleep(0.1)
        with pytest.raises(Exception, match="request_kills_its_process"):
            pending.result(1)
        assert eventually(lambda: house.depth("rpc-demo.dlq")) == 1
    finally:
        client.stop()
        if process.alive():
            process.process.send_signal(signal.SIGTERM)
        process.process.wait(20)
