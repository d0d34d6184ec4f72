"""A customer's timeline: what happened, newest first, read from the gateway's own event log."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis import wire_json
from chassis.actor import Actor
from chassis.db import Tx
from chassis.errors import Forbidden, Invalid, NotFound
from chassis.ids import is_id
from chassis.listing import DEFAULT_LIMIT, MAX_LIMIT, open_place, seal_place
from gateway.database import DATABASE, QUICK_READS
from gateway.persistence import timeline

PERMISSIONS = {
    "lead": "leads:read",
    "customer": "customers:read",
    "contact": "contacts:read",
    "activity": "activities:read",
    "opportunity": "opportunities:read",
    "contract": "contracts:read",
    "receivable": "receivables:read",
    "receipt": "receipts:read",
    "refund": "refunds:read",
}
"""Kind of subject → what it takes to read its history."""

SECTION_LIMIT = 20

_SUMMARY = (
    "number", "name", "title", "company", "kind", "status", "stage", "amount", "total", "body",
    "reason", "lost_reason", "win_reason", "due_on", "occurred_at", "next_contact_at",
    "subject_type", "subject_id", "approved_by",
)  # fmt: skip
_BOOKKEEPING = frozenset({"version", "updated_at", "updated_by", "created_at", "created_by"})
_MAX_TEXT = 200


@dataclass(frozen=True)
class Section:
    """The timeline as the 360 view shows it.

    Attributes:
        version: Changes whenever the shown events do.
        settled: Whether all the events that the caller has heard of are in it.
    """

    as_of: str
    version: str
    data: dict[str, Any]
    settled: bool


def may_read(actor: Actor, permission: str) -> bool:
    """Return whether roles and scopes allow an actor to read anything of a resource."""
    try:
        actor.check(permission)
    except Forbidden:
        return False
    return True


def readable_kinds(actor: Actor) -> dict[str, str]:
    """Return the kinds of subject whose history an actor may see, with their permissions."""
    return {
        kind: permission for kind, permission in PERMISSIONS.items() if may_read(actor, permission)
    }


def read(
    actor: Actor, customer_id: str, limit: int | None = None, cursor: str | None = None
) -> dict[str, Any]:
    """Return a page of a customer's timeline, newest first.

    Args:
        limit: At most 200; 50 if None.

    Raises:
        Forbidden: `missing_scope`, `missing_permission`.
        NotFound: `not_found` if the log does not know the customer or the actor may not see it.
        Invalid: `invalid_request` naming `limit_out_of_range`; `cursor_mismatch`.
    """
    actor.check("customers:read")
    if not is_id(customer_id):
        raise NotFound("not_found", resource="customer", id=customer_id)
    size = DEFAULT_LIMIT if limit is None else limit
    if not 1 <= size <= MAX_LIMIT:
        raise Invalid.field("query:limit", "limit_out_of_range", maximum=MAX_LIMIT)
    mark = hashlib.sha256(f"timeline {customer_id}".encode()).digest()[:12]
    before = int(open_place(cursor, mark)) if cursor else None

    def page(tx: Tx) -> dict[str, Any]:
        if not timeline.is_customer_visible(tx, customer_id):
            raise NotFound("not_found", resource="customer", id=customer_id)
        rows = timeline.find_entries(
            tx, customer_id, readable_kinds(actor), before=before, limit=size + 1
        )
        more = len(rows) > size
        return {
            "items": [_item(row) for row in rows[:size]],
            "next_cursor": seal_place(str(rows[size - 1].seq), mark) if more else None,
            "has_more": more,
        }

    return DATABASE.run(page, actor, read_only=True, what="timeline")


def read_section(actor: Actor, customer_id: str, heard_of: Sequence[str] = ()) -> Section:
    """Return the newest events of a customer, for the 360 view.

    Args:
        heard_of: Ids of events that should be in the log, if it has caught up.

    Raises:
        Unavailable: The database does not answer in time.
    """

    def section(tx: Tx) -> Section:
        # First: an event that is logged between the two statements is then only read again.
        settled = not heard_of or timeline.all_logged(tx, list(heard_of))
        rows = timeline.find_entries(
            tx, customer_id, readable_kinds(actor), before=None, limit=SECTION_LIMIT + 1
        )
        shown = rows[:SECTION_LIMIT]
        digest = hashlib.sha256(",".join(str(row.seq) for row in shown).encode())
        return Section(
            as_of=wire_json.instant(tx.now),
            version=digest.hexdigest()[:16],
            data={
                "items": [_item(row) for row in shown],
                "has_more": len(rows) > SECTION_LIMIT,
            },
            settled=settled,
        )

    return QUICK_READS.run(section, actor, read_only=True, snapshot=False, what="timeline_section")


def _item(row: Any) -> dict[str, Any]:
    after: Mapping[str, Any] = row.body.get("after") or {}
    changes: Mapping[str, Any] = row.body.get("changes") or {}
    return {
        "id": row.event_id,
        "seq": row.seq,
        "time": wire_json.instant(row.time),
        "type": row.type,
        "source": row.source,
        "subject": row.subject,
        "actor": row.actor,
        "actor_name": row.actor_name,
        "summary": {key: _short(after[key]) for key in _SUMMARY if after.get(key) is not None},
        "changes": {key: pair for key, pair in changes.items() if key not in _BOOKKEEPING},
    }


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        return value[: _MAX_TEXT - 1] + "…"
    return value
