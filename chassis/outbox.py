"""The transactional outbox: events are rows of the publisher's own transaction.

A message relay publishes what is committed and unsent, in id order. Commit order is not id order,
so `sent` is a flag and never a position.
"""

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, text

from chassis import tracing

if TYPE_CHECKING:
    from chassis.db import Tx

NOTIFY_CHANNEL = "outbox"
"""Channel of LISTEN/NOTIFY that wakes the relay."""

_NOTIFY = text(f"notify {NOTIFY_CHANNEL}")


def append(tx: "Tx", envelopes: list[dict[str, Any]]) -> None:
    """Insert envelopes in order and wake the relay at commit."""
    if not envelopes:
        return
    outbox = tx.database.metadata.tables["outbox"]
    trace = tracing.current_traceparent()
    tx.execute(
        insert(outbox),
        [
            {"event_id": item["id"], "type": item["type"], "body": item, "trace": trace}
            for item in envelopes
        ],
    )
    tx.execute(_NOTIFY)
