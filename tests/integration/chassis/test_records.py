"""Rows and aggregates: money beside its currency, codecs, conditions, the optimistic lock."""

import pytest
from sqlalchemy import select

from chassis.db import Database
from chassis.errors import Conflict, NotFound
from chassis.ids import new_id
from chassis.money import Money
from tests.fixtures.things import RECORDS, T0, THINGS, Thing, a_thing, add, tester


def read(database: Database, thing_id: str) -> Thing:
    return database.run(lambda tx: RECORDS.read(tx, thing_id), tester)


@pytest.mark.parametrize(
    "thing",
    [
        a_thing(price=Money.of("12.30", "USD"), tags=frozenset({"b", "a"}), size=1),
        a_thing(price=Money.of(1200, "JPY"), tags=frozenset()),
        a_thing(),
    ],
    ids=["all", "nothing in it", "nothing"],
)
def test_what_is_read_is_what_was_written(database: Database, thing: Thing) -> None:
    add(database, thing)

    assert read(database, thing.id) == thing


def test_rows_with_and_without_money_are_inserted_in_one_statement(database: Database) -> None:
    things = [a_thing(name="a", price=Money.of(1)), a_thing(name="b")]
    add(database, *things)

    found = database.run(lambda tx: RECORDS.find(tx, select(THINGS).order_by("name")), tester)

    assert found == things


def test_no_records_are_added_without_a_statement(database: Database) -> None:
    with database.transaction(tester) as tx:
        RECORDS.add(tx)
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_further_condition_hides_a_record(database: Database) -> None:
    thing = a_thing(kind="a")
    add(database, thing)
    with database.transaction(tester) as tx:
        assert RECORDS.read(tx, thing.id, THINGS.c.kind == "a") == thing
        assert RECORDS.get(tx, THINGS.c.name == thing.name) == thing
        assert RECORDS.get(tx, THINGS.c.name == "another") is None
        for read_or_lock in (RECORDS.read, RECORDS.lock):
            with pytest.raises(NotFound) as refusal:
                read_or_lock(tx, thing.id, THINGS.c.kind == "b")
            assert refusal.value.details == {"resource": "thing", "id": thing.id}


def test_a_saved_record_replaces_its_former_version_and_nothing_else(database: Database) -> None:
    thing, other = a_thing(price=Money.of(1)), a_thing()
    add(database, thing, other)
    later = thing.changed(by="ann", now=T0, price=None, kind="c")

    database.run(lambda tx: RECORDS.save(tx, later), tester)

    assert (read(database, thing.id), read(database, other.id)) == (later, other)
    assert (later.version, later.updated_by, later.created_by) == (2, "ann", "t")


@pytest.mark.parametrize(("known", "current"), [(1, 2), (3, 2), (None, None)])
def test_a_record_that_moved_on_or_is_gone_is_not_overwritten(
    database: Database, known: int | None, current: int | None
) -> None:
    thing = a_thing(version=2)
    if known is not None:
        add(database, thing)
    stale = a_thing(id=thing.id if known else new_id(), version=(known or 1) + 1)

    with pytest.raises(Conflict) as refusal:
        database.run(lambda tx: RECORDS.save(tx, stale), tester)

    assert (refusal.value.code, refusal.value.details) == (
        "stale_version",
        {"current_version": current},
    )


def test_a_caller_who_knew_another_version_is_told_the_current_one() -> None:
    thing = a_thing(version=4)

    assert thing.expect(None) is thing.expect(4) is thing
    with pytest.raises(Conflict) as refusal:
        thing.expect(3)
    assert refusal.value.details == {"current_version": 4}
