"""The journal: every movement of money as one line that debits one account, credits another.

A line is balanced by its form, and lines are only ever added: what a receivable has open, what a
receipt has left is a sum over them and stored nowhere. A correction is a counter line.
"""

from dataclasses import dataclass

from chassis.money import Money

BILLED, RECEIVED, ALLOCATED, REFUNDED = "billed", "received", "allocated", "refunded"

REVENUE, RECEIVABLE, BANK, CREDIT = "revenue", "receivable", "bank", "credit"
"""Accounts; `credit` is what customers paid and no receivable has used yet."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line; `amount` is positive, its direction is in `debit` and `credit`."""

    kind: str
    debit: str
    credit: str
    amount: Money
    receivable_id: str | None = None
    receipt_id: str | None = None
    refund_id: str | None = None
