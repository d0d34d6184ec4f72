"""An event has its effect once; what kills its process is counted."""

import threading

import pytest
from sqlalchemy import func, select, text

from chassis import inbox
from chassis.db import Database, Tx
from chassis.errors import Refused
from chassis.ids import new_id
from tests.fixtures.races import together
from tests.fixtures.things import RECORDS, THINGS, a_thing, metadata, tester

ATTEMPTS = metadata.tables["attempts"]


def first(database: Database, consumer: str, event_id: str) -> bool:
    return database.run(lambda tx: inbox.first_time(tx, consumer, event_id), tester)


def test_an_event_is_new_to_a_consumer_once(database: Database) -> None:
    event = new_id()

    assert [first(database, "a", event) for _ in range(3)] == [True, False, False]
    assert first(database, "b", event)


def test_a_failed_effect_leaves_the_event_new(database: Database) -> None:
    event = new_id()

    def work(tx: Tx) -> None:
        assert inbox.first_time(tx, "a", event)
        raise Refused("not_yet")

    with pytest.raises(Refused):
        database.run(work, tester)

    assert first(database, "a", event)


def test_of_two_deliveries_at_once_one_has_the_effect(database: Database) -> None:
    event, together_now = new_id(), threading.Barrier(2)

    def deliver() -> bool:
        def work(tx: Tx) -> bool:
            together_now.wait(10)
            if not inbox.first_time(tx, "a", event):
                return False
            RECORDS.add(tx, a_thing())
            return True

        return database.run(work, tester)

    assert sorted(together([deliver, deliver])) == [False, True]
    effects = database.run(lambda tx: tx.value(select(func.count()).select_from(THINGS)), tester)
    assert effects == 1


def test_of_many_events_only_the_new_ones_are_returned(database: Database) -> None:
    events = [new_id() for _ in range(4)]
    assert first(database, "a", events[1])

    def take(tx: Tx) -> set[str]:
        return inbox.first_times(tx, "a", events)

    assert database.run(take, tester) == {events[0], events[2], events[3]}
    assert database.run(take, tester) == set()
    assert database.run(lambda tx: inbox.first_times(tx, "a", []), tester) == set()


def test_attempts_are_counted_until_the_message_has_ended(database: Database) -> None:
    def count(message: str) -> int:
        return database.run(lambda tx: inbox.count_attempt(tx, "a", message), tester)

    assert [count("guilty"), count("guilty"), count("innocent"), count("guilty")] == [1, 2, 1, 3]

    database.run(lambda tx: inbox.forget_attempts(tx, "a", "guilty"), tester)

    assert (count("guilty"), count("innocent")) == (1, 2)


@pytest.mark.parametrize(("keep", "left"), [(False, 1), (True, 2)])
def test_what_is_older_than_ninety_days_is_forgotten_unless_it_moved_money(
    database: Database, keep: bool, left: int
) -> None:
    def received(tx: Tx) -> int:
        return len(tx.rows(select(metadata.tables["inbox"])))

    with database.transaction(tester) as tx:
        for consumer in ("old", "young"):
            inbox.first_time(tx, consumer, new_id())
            inbox.count_attempt(tx, consumer, "m")
        for table, column in (("inbox", "received_at"), ("attempts", "first_at")):
            tx.execute(
                text(
                    f"update {table} set {column} = now() - interval '91 days'"
                    " where consumer = 'old'"
                )
            )

    database.run(lambda tx: inbox.purge(tx, keep_received=keep), tester)

    assert database.run(received, tester) == left
    attempts = database.run(lambda tx: tx.rows(select(ATTEMPTS.c.consumer)), tester)
    assert [row.consumer for row in attempts] == ["young"]
