"""One effect per key: claims, replays, an equal call in flight, what is kept and for how long."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import func, select, text

from chassis import idempotency
from chassis.actor import Actor
from chassis.db import Database, Tx
from chassis.errors import Conflict, Invalid, Refused
from chassis.ids import new_id
from tests.fixtures.things import metadata, tester

KEYS = metadata.tables["idempotency"]


def claim(
    tx: Tx, key: str, payload: Any = None, *, wait_ms: int = 2_000, keep: bool = False
) -> idempotency.Claim:
    return idempotency.claim(
        tx, "make", key, payload or {"a": 1}, wait_ms=wait_ms, keep_for_ever=keep
    )


def succeed(database: Database, key: str, reply: Any, **options: Any) -> None:
    with database.transaction(tester) as tx:
        idempotency.keep_reply(tx, claim(tx, key, **options), reply)


def count(database: Database) -> int:
    return int(database.run(lambda tx: tx.value(select(func.count()).select_from(KEYS)), tester))


@contextmanager
def in_flight(database: Database, key: str) -> Iterator[Tx]:
    """Hold a key in a transaction that has not ended."""
    with database.transaction(tester) as tx:
        claim(tx, key)
        yield tx


def test_a_repeat_gets_the_reply_of_the_first_whatever_the_order_of_fields(
    database: Database,
) -> None:
    succeed(database, "k", {"id": "1", "名": "客户"}, payload={"a": 1, "b": 2})

    with database.transaction(tester) as tx:
        again = claim(tx, "k", {"b": 2, "a": 1})

    assert again.replayed and again.replay == {"id": "1", "名": "客户"}


def test_a_reply_of_nothing_is_replayed_too(database: Database) -> None:
    succeed(database, "k", None)

    with database.transaction(tester) as tx:
        again = claim(tx, "k")

    assert (again.replayed, again.replay) == (True, None)


def test_a_key_with_another_payload_is_refused(database: Database) -> None:
    succeed(database, "k", 1, payload={"a": 1})

    with pytest.raises(Invalid, match="key_reused_with_other_payload"):
        database.run(lambda tx: claim(tx, "k", {"a": 2}), tester)


@pytest.mark.parametrize("key", ["", "x" * 256, "line\nbreak", "\x00"])
def test_a_key_that_is_none_is_refused(database: Database, key: str) -> None:
    with pytest.raises(Invalid, match="key_malformed"):
        database.run(lambda tx: claim(tx, key), tester)


def test_keys_belong_to_a_client_and_a_method(database: Database) -> None:
    succeed(database, "k", 1)
    other = Actor(id=tester.id, client_id="other")

    with database.transaction(other) as tx:
        assert not claim(tx, "k").replayed
    with database.transaction(tester) as tx:
        elsewhere = idempotency.claim(tx, "other", "k", {}, wait_ms=1, keep_for_ever=False)
        assert not elsewhere.replayed


def test_an_equal_call_in_flight_is_waited_for_until_the_deadline(database: Database) -> None:
    with in_flight(database, "k"), pytest.raises(Conflict) as refusal:
        database.run(lambda tx: claim(tx, "k", wait_ms=50), tester)

    assert (refusal.value.code, refusal.value.details) == (
        "request_in_flight",
        {"retry_after": 1},
    )


def test_a_deadline_that_has_passed_waits_no_time_rather_than_for_ever(database: Database) -> None:
    """PostgreSQL takes a lock time-out of 0 as none at all."""
    with in_flight(database, "k"), pytest.raises(Conflict, match="request_in_flight"):
        database.run(lambda tx: claim(tx, "k", wait_ms=-5), tester)


def test_a_failed_command_leaves_no_key(database: Database) -> None:
    def work(tx: Tx) -> None:
        claim(tx, "k")
        raise Refused("not_now")

    with pytest.raises(Refused):
        database.run(work, tester)

    assert count(database) == 0
    with database.transaction(tester) as tx:
        assert not claim(tx, "k").replayed


def test_keys_are_kept_ninety_days_and_those_of_money_for_ever(database: Database) -> None:
    for key, keep in (("old", False), ("money", True), ("young", False)):
        succeed(database, key, 1, keep=keep)
    with database.transaction(tester) as tx:
        tx.execute(
            text(
                "update idempotency set created_at = now() - interval '91 days'"
                " where key in ('old', 'money')"
            )
        )

    gone = database.run(idempotency.purge, tester)

    assert gone == 1
    left = database.run(lambda tx: {row.key for row in tx.rows(select(KEYS.c.key))}, tester)
    assert left == {"money", "young"}


def test_a_fingerprint_tells_payloads_apart() -> None:
    assert idempotency.fingerprint({"a": [1, 2]}) != idempotency.fingerprint({"a": [2, 1]})
    assert idempotency.fingerprint({"a": new_id()}) != idempotency.fingerprint({"a": new_id()})
