"""Events are rows of the transaction that made them; the relay reads what is committed."""

from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from chassis import outbox, relay, tracing
from chassis.db import Database, Tx
from chassis.errors import Refused
from chassis.ids import new_id
from chassis.settings import settings
from tests.fixtures.things import ThingMade, a_thing, metadata, new_database, tester

OUTBOX = metadata.tables["outbox"]


def connect() -> psycopg.Connection[Any]:
    url = settings().database_url("leads").replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True)


def rows(database: Database) -> list[Any]:
    return database.run(lambda tx: tx.rows(select(OUTBOX).order_by(OUTBOX.c.id)), tester)


def publish(tx: Tx, *names: str) -> None:
    tx.publish(*(ThingMade(None, a_thing(name=name)) for name in names))


def test_events_are_kept_in_order_with_their_envelope_and_trace(database: Database) -> None:
    parent = tracing.new_traceparent()
    with tracing.span("test", parent):
        database.run(lambda tx: publish(tx, "一", "two", "three"), tester, causation_id="c")

    kept = rows(database)

    assert [row.body["data"]["after"]["name"] for row in kept] == ["一", "two", "three"]
    assert {(row.type, row.trace) for row in kept} == {("thing_made", parent)}
    first = kept[0]
    assert first.body["id"] == first.event_id and first.body["actor"] == tester.id
    assert first.body["causationid"] == "c" and len({r.body["correlationid"] for r in kept}) == 1


def test_no_events_write_nothing(database: Database) -> None:
    database.run(lambda tx: outbox.append(tx, []), tester)

    assert rows(database) == []


def test_a_transaction_that_fails_publishes_nothing(database: Database) -> None:
    def work(tx: Tx) -> None:
        publish(tx, "never")
        raise Refused("no")

    with pytest.raises(Refused):
        database.run(work, tester)

    assert rows(database) == []


def test_a_commit_wakes_whoever_listens(database: Database) -> None:
    with connect() as listener:
        listener.execute(f"listen {outbox.NOTIFY_CHANNEL}")
        database.run(lambda tx: publish(tx, "a", "b"), tester)

        heard = list(listener.notifies(timeout=10, stop_after=1))

    assert [each.channel for each in heard] == ["outbox"]


def test_a_service_without_a_catalogue_can_not_publish() -> None:
    database = new_database()
    database.catalogue = None

    with pytest.raises(RuntimeError, match="no event catalogue"):
        database.run(lambda tx: publish(tx, "x"), tester)


def test_the_relay_reads_unsent_rows_in_order_and_late_committers_too(database: Database) -> None:
    """Commit order is not id order: the row that commits late has the lower id."""
    with connect() as connection:

        def unsent() -> list[str]:
            return [str(row[1]) for row in connection.execute(relay._SELECT)]

        late, early = new_id(), new_id()
        with database.transaction(tester) as slow:
            outbox.append(slow, [{"id": late, "type": "t"}])
            with database.transaction(tester) as quick:
                outbox.append(quick, [{"id": early, "type": "t"}])
            assert unsent() == [early]
            connection.execute(relay._DELETE, [[row.id for row in rows(database)]])
            assert unsent() == []
        assert unsent() == [late]
        assert connection.execute(relay._LAG).fetchone()[0] == 1  # type: ignore[index]


def test_only_what_was_confirmed_goes(database: Database) -> None:
    database.run(lambda tx: publish(tx, "sent", "waits"), tester)
    sent, waits = rows(database)
    with connect() as connection:
        connection.execute(relay._DELETE, [[sent.id]])

    assert [row.id for row in rows(database)] == [waits.id]


def test_one_relay_at_a_time_holds_the_lock(database: Database) -> None:
    def takes(connection: psycopg.Connection[Any]) -> bool:
        row = connection.execute(relay._LOCK).fetchone()
        return bool(row and row[0])

    with connect() as first:
        with connect() as second:
            assert (takes(first), takes(second)) == (True, False)
            first.close()
            for _ in range(200):  # The server notices the closed socket in its own time.
                if takes(second):
                    break
                second.execute("select pg_sleep(0.02)")
            else:
                raise AssertionError("the lock did not pass on")
