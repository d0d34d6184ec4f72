"""The journal: lines are added and read; nothing in this room changes or removes one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, case, insert, select

from chassis.money import Money
from services.finance.domain.journal import ALLOCATED, REFUNDED, Entry
from services.finance.persistence.tables import JOURNAL

if TYPE_CHECKING:
    from chassis.db import Tx

_J = JOURNAL.c


@dataclass(frozen=True)
class Movement:
    """A line as it is shown beside the receivable it touched."""

    kind: str
    amount: Money
    receipt_id: str | None
    refund_id: str | None
    recorded_at: datetime
    recorded_by: str


def append(tx: "Tx", entries: Sequence[Entry]) -> None:
    """Add lines in one statement, so that the database checks the balances once."""
    if not entries:
        return
    tx.execute(
        insert(JOURNAL).values(
            [
                {
                    "kind": entry.kind,
                    "debit": entry.debit,
                    "credit": entry.credit,
                    "amount": entry.amount.amount,
                    "currency": entry.amount.currency,
                    "receivable_id": entry.receivable_id,
                    "receipt_id": entry.receipt_id,
                    "refund_id": entry.refund_id,
                    "recorded_at": tx.now,
                    "recorded_by": tx.actor.id,
                }
                for entry in entries
            ]
        )
    )


def movements(tx: "Tx", receivable_id: str) -> list[Movement]:
    """Return what touched a receivable, oldest first."""
    statement = select(JOURNAL).where(_J.receivable_id == receivable_id).order_by(_J.id)
    return [
        Movement(
            row.kind,
            Money(row.amount, row.currency),
            row.receipt_id,
            row.refund_id,
            row.recorded_at,
            row.recorded_by,
        )
        for row in tx.rows(statement)
    ]


MOVES_COLLECTED = _J.kind.in_((ALLOCATED, REFUNDED))
"""The lines that change how much of a receivable was collected."""


def signed() -> ColumnElement[object]:
    """Return what such a line adds to what was collected."""
    return case((_J.kind == ALLOCATED, _J.amount), else_=-_J.amount)
