"""The transactional outbox: events are rows of the publisher's own transaction.

A message relay publishes what is there, in id order, and deletes what was confirmed. Commit order
is not id order, so what is unsent is a matter of rows and never of a position.
"""

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from chassis import tracing, wire_json

if TYPE_CHECKING:
    from chassis.db import Tx

NOTIFY_CHANNEL = "outbox"
"""Channel of LISTEN/NOTIFY that wakes the relay."""

# All envelopes are one parameter: an executemany would wait for the database once per event. The
# wake-up rides along for the same reason; it is sent at commit, and once per transaction.
_APPEND = text(
    "with added as ("
    " insert into outbox (event_id, type, body, trace)"
    " select cast(item ->> 'id' as uuid), item ->> 'type', item, :trace"
    " from json_array_elements(cast(:items as json)) with ordinality as listed (item, place)"
    " order by place"
    ") select pg_notify(:channel, '')"
)


def append(tx: "Tx", envelopes: list[dict[str, Any]]) -> None:
    """Insert envelopes in order and wake the relay at commit."""
    if not envelopes:
        return
    items = wire_json.dumps_text(envelopes)
    trace = tracing.current_traceparent()
    tx.execute(_APPEND, {"items": items, "trace": trace, "channel": NOTIFY_CHANNEL})
