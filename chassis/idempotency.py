"""One effect per idempotency key: record and reply are part of the command's transaction.

An equal call in flight makes the insert wait for the other transaction; when it commits, its reply
is the answer. Only successes are stored, because a refusal rolls the record back.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import exc, select, text

from chassis import wire_json
from chassis.errors import Conflict, Invalid

if TYPE_CHECKING:
    from chassis.db import Tx

MAX_KEY = 255
KEEP_DAYS = 90

# PERF: as text, because SQLAlchemy compiles its own `on conflict` anew each time. The patience is
# set by the statement that needs it, one round trip less: a lock's wait reads it when it begins.
_CLAIM = text(
    "insert into idempotency (client, method, key, fingerprint, keep_for_ever)"
    " select :client, :method, :key, :mark, :keep"
    " from (select set_config('lock_timeout', :ms, true) as ms) as patience"
    " where patience.ms is not null"
    " on conflict (client, method, key) do nothing returning key"
)
_KEEP = text(
    "update idempotency set reply = cast(:reply as json)"
    " where client = :client and method = :method and key = :key"
)


@dataclass(frozen=True)
class Claim:
    """A key that this transaction holds, or the reply that an earlier one left."""

    client: str
    method: str
    key: str
    replay: Any = None
    replayed: bool = False


def fingerprint(payload: Any) -> str:
    """Return the SHA-256 of a payload's canonical JSON."""
    import orjson

    canonical = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).hexdigest()


def claim(
    tx: "Tx", method: str, key: str, payload: Any, *, wait_ms: int, keep_for_ever: bool
) -> Claim:
    """Take a key or find the reply of an equal call.

    Args:
        wait_ms: How long to wait for an equal call in flight: what is left of the deadline.
        keep_for_ever: For money and conversions; others are kept 90 days.

    Raises:
        Invalid: `key_malformed`, `key_reused_with_other_payload`.
        Conflict: `request_in_flight`.
    """
    if not key or len(key) > MAX_KEY or not key.isprintable():
        raise Invalid("key_malformed", maximum=MAX_KEY)
    table = tx.database.metadata.tables["idempotency"]
    client = tx.actor.client_id or tx.actor.id
    mark = fingerprint(payload)
    given = {"client": client, "method": method, "key": key, "mark": mark, "keep": keep_for_ever}
    try:
        fresh = tx.value(_CLAIM, ms=str(max(wait_ms, 1)), **given) is not None
    except exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":
            raise Conflict("request_in_flight", retry_after=1) from error
        raise
    if fresh:
        return Claim(client, method, key)
    same = (table.c.client == client, table.c.method == method, table.c.key == key)
    found = tx.row(select(table.c.fingerprint, table.c.reply).where(*same))
    if found is None:  # The other transaction rolled back between the two statements.
        raise Conflict("request_in_flight", retry_after=1)
    if found.fingerprint != mark:
        raise Invalid("key_reused_with_other_payload")
    return Claim(client, method, key, replay=found.reply, replayed=True)


def find(tx: "Tx", method: str, key: str, payload: Any) -> dict[str, Any]:
    """Return whether an equal call was `found`, and its `reply`; takes and waits for nothing."""
    table = tx.database.metadata.tables["idempotency"]
    row = tx.row(
        select(table.c.reply).where(
            table.c.client == (tx.actor.client_id or tx.actor.id),
            table.c.method == method,
            table.c.key == key,
            table.c.fingerprint == fingerprint(payload),
        )
    )
    return {"found": False} if row is None else {"found": True, "reply": row.reply}


def keep_reply(tx: "Tx", held: Claim, reply: Any) -> None:
    """Store the reply of a fresh key, in the same transaction."""
    given = {"client": held.client, "method": held.method, "key": held.key}
    tx.execute(_KEEP, {"reply": wire_json.dumps_text(reply), **given})


def purge(tx: "Tx") -> int:
    """Forget records past their time, inbox rows likewise; returns how many rows went."""
    gone = tx.execute(
        text(
            "delete from idempotency where not keep_for_ever"
            " and created_at < now() - make_interval(days => :days)"
        ),
        {"days": KEEP_DAYS},
    ).rowcount
    return gone
