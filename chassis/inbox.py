"""The idempotent consumer: the inbox row is inserted first, in the transaction of the effect."""

from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, Uuid, cast, delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert

from chassis.idempotency import KEEP_DAYS

if TYPE_CHECKING:
    from chassis.db import Tx


def first_time(tx: "Tx", consumer: str, event_id: str) -> bool:
    """Record that a consumer received an event; False means that it had already."""
    inbox = tx.database.metadata.tables["inbox"]
    statement = (
        insert(inbox)
        .values(consumer=consumer, event_id=event_id)
        .on_conflict_do_nothing(index_elements=["consumer", "event_id"])
        .returning(inbox.c.event_id)
    )
    return tx.value(statement) is not None


def first_times(tx: "Tx", consumer: str, event_ids: list[str]) -> set[str]:
    """Record that a consumer received many events; returns those it had not before."""
    inbox = tx.database.metadata.tables["inbox"]
    statement = (
        insert(inbox)
        .from_select(
            ["consumer", "event_id"],
            select(
                literal(consumer),
                func.unnest(cast(event_ids, ARRAY(Uuid(as_uuid=False)))),
            ),
        )
        .on_conflict_do_nothing(index_elements=["consumer", "event_id"])
        .returning(inbox.c.event_id)
    )
    return {row.event_id for row in tx.rows(statement)}


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
