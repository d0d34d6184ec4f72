"""The sections of the customer 360 view: one statement each, summed up in exact decimals."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Date,
    Row,
    Select,
    Table,
    bindparam,
    case,
    func,
    or_,
    select,
    true,
)

from chassis import clock
from chassis.actor import Actor, Level
from chassis.directory import visible
from chassis.errors import Forbidden
from chassis.money import Money
from chassis.wire_json import instant
from services.finance.domain.journal import REFUNDED
from services.finance.domain.receivables import OVERDUE, SETTLED
from services.finance.persistence.journal import MOVES_COLLECTED
from services.finance.persistence.receivables import COLLECTED, STILL_OPEN, SUMS, status
from services.finance.persistence.tables import JOURNAL, RECEIPTS, RECEIVABLES, REFUNDS, metadata

if TYPE_CHECKING:
    from chassis.db import Tx

RECENT = 20
"""How many records a section lists; its counts and sums are over all."""

_STATUSES = ("requested", "approved", "rejected")
_J = JOURNAL.c

_USED = (
    select(
        func.coalesce(
            func.sum(_J.amount).filter(or_(_J.kind != REFUNDED, _J.receivable_id.is_(None))), 0
        ).label("taken"),
        func.coalesce(func.sum(_J.amount).filter(_J.kind == REFUNDED), 0).label("refunded"),
    )
    .where(_J.receipt_id == RECEIPTS.c.id, MOVES_COLLECTED)
    .lateral("sums")
)


def _columns(table: Table, names: str) -> list[Column[Any]]:
    return [table.c[name] for name in names.split()]


_SETTLED_LAST = STILL_OPEN <= 0

_RECEIVABLES: Select[Any] = (
    select(
        *_columns(RECEIVABLES, "id version number contract_id contract_number sequence name"),
        *_columns(RECEIVABLES, "owner_id due_on amount_amount currency updated_at"),
        COLLECTED.label("collected"),
        STILL_OPEN.label("open"),
        status(bindparam("today", type_=Date)).label("status"),
    )
    .select_from(RECEIVABLES.join(SUMS, true()))
    # What is to be paid first, then what is settled, the latest first.
    .order_by(
        _SETTLED_LAST,
        case((_SETTLED_LAST, None), else_=RECEIVABLES.c.due_on),
        RECEIVABLES.c.due_on.desc(),
        RECEIVABLES.c.id,
    )
)

_RECEIPTS: Select[Any] = (
    select(
        *_columns(RECEIPTS, "id version number payer owner_id received_on method"),
        *_columns(RECEIPTS, "amount_amount currency created_at"),
        _USED.c.refunded,
        (RECEIPTS.c.amount_amount - _USED.c.taken).label("unapplied"),
    )
    .select_from(RECEIPTS.join(_USED, true()))
    .order_by(RECEIPTS.c.received_on.desc(), RECEIPTS.c.id.desc())
)

_REFUNDS: Select[Any] = select(
    *_columns(REFUNDS, "id version number receipt_id receivable_id owner_id amount_amount"),
    *_columns(REFUNDS, "currency reason_code status created_at decided_at"),
).order_by(REFUNDS.c.created_at.desc(), REFUNDS.c.id.desc())


def read(tx: "Tx", customer_id: str, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the sections of a customer by name: `status`, `version` and `data`."""
    given = {"customer_id": customer_id, "today": clock.today(tx.now)}
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        if name not in _SECTIONS:
            continue
        if not _may_read(tx, f"{name}:read"):
            found[name] = {"status": "hidden", "version": "", "data": None}
            continue
        rows = tx.rows(_visible_to(tx.actor, name, tx.level(f"{name}:read")), **given)
        data = _SECTIONS[name][2](rows)
        found[name] = {"status": "fresh", "version": _mark(rows), "data": data}
    return found


def _may_read(tx: "Tx", permission: str) -> bool:
    try:
        tx.actor.check(permission)
    except Forbidden:
        return False
    return True


# PERF: building a statement and its cache key costs twice what running it does. Kept per actor,
# since the predicate holds its id and team, and per level, since what a role grants may change.
@lru_cache(maxsize=500)
def _visible_to(actor: Actor, name: str, level: Level) -> Select[Any]:
    statement, table, _ = _SECTIONS[name]
    return statement.where(
        table.c.customer_id == bindparam("customer_id"),
        visible(actor, f"{name}:read", table.c.owner_id, metadata.tables["people"]),
    )


def _mark(rows: Sequence[Row[Any]]) -> str:
    """Return a digest that changes with every record and, for receivables, with its status."""
    parts = sorted(f"{row.id}:{row.version}:{row._mapping.get('status', '')}" for row in rows)
    return hashlib.md5(",".join(parts).encode(), usedforsecurity=False).hexdigest()


def _receivables_data(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    overdue = [row for row in rows if row.status == OVERDUE]
    coming = [row for row in rows if row.status not in (OVERDUE, SETTLED)]
    return {
        "count": len(rows),
        "billed": _sums((row.currency, row.amount_amount) for row in rows),
        "collected": _sums((row.currency, row.collected) for row in rows),
        "open": _sums((row.currency, row.open) for row in rows),
        "overdue": _sums((row.currency, row.open) for row in overdue),
        "overdue_count": len(overdue),
        "next_due": _due(coming[0]) if coming else None,
        "recent": [
            {
                **_due(row),
                "version": row.version,
                "contract_id": row.contract_id,
                "contract_number": row.contract_number,
                "sequence": row.sequence,
                "owner_id": row.owner_id,
                "status": row.status,
                "amount": _money(row.amount_amount, row.currency),
                "collected": _money(row.collected, row.currency),
                "updated_at": instant(row.updated_at),
            }
            for row in rows[:RECENT]
        ],
    }


def _due(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "name": row.name,
        "due_on": row.due_on.isoformat(),
        "open": _money(row.open, row.currency),
    }


def _receipts_data(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    return {
        "count": len(rows),
        "received": _sums((row.currency, row.amount_amount) for row in rows),
        "unapplied": _sums((row.currency, row.unapplied) for row in rows),
        "refunded": _sums((row.currency, row.refunded) for row in rows),
        "recent": [
            {
                "id": row.id,
                "version": row.version,
                "number": row.number,
                "payer": row.payer,
                "owner_id": row.owner_id,
                "received_on": row.received_on.isoformat(),
                "method": row.method,
                "amount": _money(row.amount_amount, row.currency),
                "unapplied": _money(row.unapplied, row.currency),
                "refunded": _money(row.refunded, row.currency),
                "created_at": instant(row.created_at),
            }
            for row in rows[:RECENT]
        ],
    }


def _refunds_data(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    groups = {name: [row for row in rows if row.status == name] for name in _STATUSES}
    return {
        "count": len(rows),
        "by_status": {
            name: {
                "count": len(group),
                "amounts": _sums((row.currency, row.amount_amount) for row in group),
            }
            for name, group in groups.items()
        },
        "recent": [
            {
                "id": row.id,
                "version": row.version,
                "number": row.number,
                "receipt_id": row.receipt_id,
                "receivable_id": row.receivable_id,
                "owner_id": row.owner_id,
                "amount": _money(row.amount_amount, row.currency),
                "reason_code": row.reason_code,
                "status": row.status,
                "created_at": instant(row.created_at),
                "decided_at": instant(row.decided_at) if row.decided_at else None,
            }
            for row in rows[:RECENT]
        ],
    }


def _sums(parts: Iterable[tuple[str, Decimal]]) -> list[dict[str, str]]:
    """Return one sum per currency, never one over several."""
    totals: dict[str, Decimal] = {}
    for currency, amount in parts:
        totals[currency] = totals.get(currency, Decimal(0)) + amount
    return [_money(totals[currency], currency) for currency in sorted(totals)]


def _money(amount: Decimal, currency: str) -> dict[str, str]:
    return {"amount": Money(amount, currency).text(), "currency": currency}


_Data = Callable[[Sequence[Row[Any]]], dict[str, Any]]
_SECTIONS: dict[str, tuple[Select[Any], Any, _Data]] = {
    "receivables": (_RECEIVABLES, RECEIVABLES, _receivables_data),
    "receipts": (_RECEIPTS, RECEIPTS, _receipts_data),
    "refunds": (_REFUNDS, REFUNDS, _refunds_data),
}
