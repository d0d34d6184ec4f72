"""The idempotent consumer: the inbox row is inserted first, in the transaction of the effect."""

from typing import TYPE_CHECKING

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert

from chassis.idempotency import KEEP_DAYS

if TYPE_CHECKING:
    from chassis.db import Tx


# PERF: as text, because SQLAlchemy compiles its own `on conflict` anew each time.
_FIRST_TIME = text(
    "insert into inbox (consumer, event_id) values (:consumer, cast(:event_id as uuid))"
    " on conflict (consumer, event_id) do nothing returning consumer"
)
_FIRST_TIMES = text(
    "insert into inbox (consumer, event_id)"
    " select :consumer, event_id from unnest(cast(:event_ids as uuid[])) as event_id"
    " on conflict (consumer, event_id) do nothing returning cast(event_id as text)"
)


def first_time(tx: "Tx", consumer: str, event_id: str) -> bool:
    """Record that a consumer received an event; False means that it had already."""
    return tx.value(_FIRST_TIME, consumer=consumer, event_id=event_id) is not None


def first_times(tx: "Tx", consumer: str, event_ids: list[str]) -> set[str]:
    """Record that a consumer received many events; returns those it had not before."""
    rows = tx.rows(_FIRST_TIMES, consumer=consumer, event_ids=event_ids)
    return {row.event_id for row in rows}


def count_attempt(tx: "Tx", consumer: str, message_id: str) -> int:
    """Record that a redelivered message is about to run; returns how often it now was."""
    attempts = tx.database.metadata.tables["attempts"]
    statement = insert(attempts).values(consumer=consumer, message_id=message_id, count=1)
    counted = statement.on_conflict_do_update(
        index_elements=["consumer", "message_id"], set_={"count": attempts.c.count + 1}
    ).returning(attempts.c.count)
    return int(tx.value(counted))


def forget_attempts(tx: "Tx", consumer: str, message_id: str) -> None:
    """Drop the count of a message that ended, well or parked."""
    attempts = tx.database.metadata.tables["attempts"]
    tx.execute(
        delete(attempts).where(attempts.c.consumer == consumer, attempts.c.message_id == message_id)
    )


def purge(tx: "Tx", *, keep_received: bool) -> None:
    """Forget events received, and attempts begun, longer ago than the records of keys are kept."""
    age = {"days": KEEP_DAYS}
    if not keep_received:
        tx.execute(
            text("delete from inbox where received_at < now() - make_interval(days => :days)"), age
        )
    tx.execute(
        text("delete from attempts where first_at < now() - make_interval(days => :days)"), age
    )
