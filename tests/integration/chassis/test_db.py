"""Transactions on a real database: locks, retries, time-outs, a full pool."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import exc, func, select, text, update

from chassis.db import Database, Tx
from chassis.errors import Conflict, Unavailable
from tests.fixtures.races import together
from tests.fixtures.things import RECORDS, T0, THINGS, a_thing, add, new_database, tester


def size_of(database: Database, name: str) -> Any:
    return database.run(
        lambda tx: tx.value(select(THINGS.c.size).where(THINGS.c.name == name)), tester
    )


def bump(tx: Tx, name: str, by: int = 1) -> None:
    tx.execute(update(THINGS).where(THINGS.c.name == name).values(size=THINGS.c.size + by))


def test_of_two_writers_who_read_the_same_version_one_is_told_that_it_is_stale(
    database: Database,
) -> None:
    thing = a_thing()
    add(database, thing)
    both_have_read = threading.Barrier(2)

    def write(name: str) -> str:
        def work(tx: Tx) -> str:
            read = RECORDS.read(tx, thing.id)
            both_have_read.wait(10)
            RECORDS.save(tx, read.changed(by="t", now=T0, kind=name))
            return name

        return database.run(work, tester)

    outcomes = together([lambda: write("b"), lambda: write("c")])

    [winner] = [each for each in outcomes if isinstance(each, str)]
    [loser] = [each for each in outcomes if isinstance(each, Conflict)]
    assert (loser.code, loser.details) == ("stale_version", {"current_version": 2})
    kept = database.run(lambda tx: RECORDS.read(tx, thing.id), tester)
    assert (kept.kind, kept.version) == (winner, 2)


class AtFirst:
    """Meets the others once: what runs again after a deadlock must not wait for them."""

    def __init__(self, parties: int) -> None:
        self._barrier = threading.Barrier(parties)
        self._met = threading.local()
        self.runs = 0

    def start(self) -> None:
        """Count one attempt."""
        self.runs += 1

    def meet(self) -> None:
        """Wait for the others, in the first attempt of this thread only."""
        if not getattr(self._met, "done", False):
            self._met.done = True
            self._barrier.wait(10)


def in_threads(*calls: Callable[[], Any]) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        for future in [pool.submit(call) for call in calls]:
            future.result(30)


def test_a_deadlock_is_run_again_and_both_effects_stand(database: Database) -> None:
    add(database, a_thing(name="one", size=100), a_thing(name="two", size=200))
    first = AtFirst(2)

    def work(tx: Tx, here: str, there: str) -> None:
        first.start()
        bump(tx, here)
        first.meet()
        bump(tx, there)

    in_threads(
        lambda: database.run(lambda tx: work(tx, "one", "two"), tester),
        lambda: database.run(lambda tx: work(tx, "two", "one"), tester),
    )

    assert (size_of(database, "one"), size_of(database, "two")) == (102, 202)
    assert first.runs == 3  # The victim alone ran twice.


def test_a_serialisation_failure_is_run_again_and_sees_the_other_effect(
    database: Database,
) -> None:
    add(database, a_thing(name="one", size=10), a_thing(name="two", size=20))
    first = AtFirst(2)

    def work(tx: Tx, name: str) -> None:
        first.start()
        tx.execute(text("set transaction isolation level serializable"))
        total = tx.value(select(func.sum(THINGS.c.size)))
        first.meet()
        tx.execute(update(THINGS).where(THINGS.c.name == name).values(size=total))

    in_threads(
        lambda: database.run(lambda tx: work(tx, "one"), tester),
        lambda: database.run(lambda tx: work(tx, "two"), tester),
    )

    # One after the other: 30 then 50, or 30 then 40; both from the same snapshot would be 30, 30.
    assert sorted([size_of(database, "one"), size_of(database, "two")]) in ([30, 50], [30, 40])
    assert first.runs == 3


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_what_fails_so_every_time_ends_as_busy_after_four_attempts(
    database: Database, state: str
) -> None:
    attempts = []

    def work(tx: Tx) -> None:
        attempts.append(1)
        tx.execute(text(f"do $$ begin raise exception using errcode = '{state}'; end $$"))

    with pytest.raises(Unavailable, match="database_busy") as refusal:
        database.run(work, tester)

    assert len(attempts) == 4 and refusal.value.details == {"retry_after": 1}


def test_a_lock_that_does_not_come_is_a_refusal(database: Database) -> None:
    add(database, a_thing(name="held", size=1))
    with database.transaction(tester) as holder:
        bump(holder, "held")

        def work(tx: Tx) -> None:
            tx.execute(text("set local lock_timeout = '50ms'"))
            bump(tx, "held")

        with pytest.raises(Unavailable, match="lock_timeout"):
            database.run(work, tester)

    assert size_of(database, "held") == 2


def test_every_connection_waits_for_locks_and_statements_within_bounds(database: Database) -> None:
    bounds = database.run(
        lambda tx: [
            tx.value(text(f"show {name}"))
            for name in ("lock_timeout", "statement_timeout", "timezone")
        ],
        tester,
    )

    assert bounds == ["8s", "30s", "UTC"]


def test_a_statement_that_takes_too_long_is_a_refusal(database: Database) -> None:
    def work(tx: Tx) -> None:
        tx.execute(text("set local statement_timeout = '50ms'"))
        tx.execute(text("select pg_sleep(10)"))

    with pytest.raises(Unavailable, match="statement_timeout"):
        database.run(work, tester)


def test_a_full_pool_is_a_refusal_and_no_hang(database: Database) -> None:
    small = new_database(pool_size=1)
    try:
        with small.transaction(tester) as holder:
            holder.execute(text("select 1"))
            with pytest.raises(Unavailable, match="database_busy"):
                small.run(lambda tx: tx.execute(text("select 1")), tester)

        assert small.run(lambda tx: tx.value(text("select 1")), tester) == 1
    finally:
        small.dispose()


def test_a_lost_connection_is_a_refusal_and_the_next_work_gets_another(database: Database) -> None:
    with pytest.raises(Unavailable, match="database_unavailable"):
        database.run(
            lambda tx: tx.execute(text("select pg_terminate_backend(pg_backend_pid())")), tester
        )

    assert database.run(lambda tx: tx.value(text("select 1")), tester) == 1
    assert database.ping() and database.revision()


def test_a_server_that_is_not_there_is_a_refusal() -> None:
    nowhere = new_database(url="postgresql+psycopg://nobody:x@127.0.0.1:1/none")

    with pytest.raises(Unavailable, match="database_unavailable"):
        nowhere.run(lambda tx: tx.value(text("select 1")), tester)
    assert not nowhere.ping()


def test_a_violated_unique_constraint_is_the_conflict_that_was_registered(
    database: Database,
) -> None:
    add(database, a_thing(name="taken"))

    with pytest.raises(Conflict, match="name_taken"):
        database.run(lambda tx: RECORDS.add(tx, a_thing(name="taken")), tester)


def test_a_violated_constraint_that_nobody_foresaw_is_a_failure(database: Database) -> None:
    add(database, a_thing(size=1))

    with pytest.raises(exc.IntegrityError):
        database.run(lambda tx: RECORDS.add(tx, a_thing(size=1)), tester)


def test_what_raises_leaves_nothing_behind_and_runs_nothing_after(database: Database) -> None:
    ran: list[str] = []

    def work(tx: Tx) -> None:
        RECORDS.add(tx, a_thing(name="gone"))
        tx.after_commit(lambda: ran.append("after"))
        raise Conflict("changed_my_mind")

    with pytest.raises(Conflict):
        database.run(work, tester)

    assert size_of(database, "gone") is None and ran == []


def test_what_waits_for_the_commit_runs_after_it(database: Database) -> None:
    seen: list[int] = []

    def count() -> int:
        found = database.run(
            lambda tx: tx.value(select(func.count()).where(THINGS.c.name == "there")), tester
        )
        return int(found)

    def work(tx: Tx) -> None:
        tx.after_commit(lambda: seen.append(count()))
        RECORDS.add(tx, a_thing(name="there"))
        seen.append(count())

    database.run(work, tester)

    assert seen == [0, 1]


def test_a_query_sees_one_snapshot_and_may_not_write(database: Database) -> None:
    count = select(func.count()).select_from(THINGS)
    with database.transaction(tester, read_only=True) as tx:
        before = tx.value(count)
        add(database, a_thing())
        after = tx.value(count)

    assert (before, after) == (0, 0)
    with pytest.raises(exc.DBAPIError, match="read-only"):
        database.run(lambda tx: RECORDS.add(tx, a_thing()), tester, read_only=True)


def test_work_that_is_refused_before_its_first_statement_takes_no_connection(
    database: Database,
) -> None:
    with database.transaction(tester):
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
