"""Receipts: rows with what the journal says of them, locks and lists."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Select, Text, and_, cast, func, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by

from chassis.grams import grams, matches
from chassis.listing import Listing, Page
from chassis.money import Money
from chassis.numbers import next_number
from schemas.finance.lists import RECEIPTS as SPEC
from services.finance.domain.journal import ALLOCATED, REFUNDED
from services.finance.domain.receipts import Receipt
from services.finance.domain.refunds import REQUESTED
from services.finance.persistence import reach
from services.finance.persistence.derived import DerivedRecords
from services.finance.persistence.journal import MOVES_COLLECTED
from services.finance.persistence.tables import JOURNAL, RECEIPTS, REFUNDS

if TYPE_CHECKING:
    from chassis.db import Tx

READ = "receipts:read"
_table = RECEIPTS.c
_J = JOURNAL.c

_TAKEN = or_(_J.kind == ALLOCATED, and_(_J.kind == REFUNDED, _J.receivable_id.is_(None)))
"""Lines that lessen the unapplied credit."""

# Amounts travel as text: a number in JSON would come back as a float.
SUMS = (
    select(
        func.coalesce(func.sum(_J.amount).filter(_TAKEN), 0).label("taken"),
        func.json_agg(
            aggregate_order_by(
                func.json_build_array(_J.kind, _J.receivable_id, cast(_J.amount, Text)), _J.id
            )
        ).label("lines"),
    )
    .where(_J.receipt_id == _table.id, MOVES_COLLECTED)
    .lateral("sums")
)
_HELD = (
    select(
        func.json_agg(
            func.json_build_array(REFUNDS.c.receivable_id, cast(REFUNDS.c.amount_amount, Text))
        ).label("held")
    )
    .where(REFUNDS.c.receipt_id == _table.id, REFUNDS.c.status == REQUESTED)
    .lateral("holds")
)
UNAPPLIED = _table.amount_amount - SUMS.c.taken
_STATEMENT: Select[Any] = select(RECEIPTS, SUMS.c.lines, _HELD.c.held).select_from(
    RECEIPTS.join(SUMS, true()).join(_HELD, true())
)


class _Receipts(DerivedRecords[Receipt]):
    def values(self, record: Receipt) -> dict[str, Any]:
        """Add what the search looks for."""
        found = grams(record.payer, record.number, record.bank_reference)
        return {**super().values(record), "grams": found}

    def build(self, row: Row[Any]) -> Receipt:
        """Return the receipt of a row, with the journal's lines folded into it."""
        columns = row._mapping
        currency = columns["currency"]
        zero = Money.zero(currency)
        stored = {name: columns[name] for name in self._fields if name in columns}
        stored["amount"] = Money(columns["amount_amount"], currency)
        receipt = Receipt(**stored, allocations=(), credit_refunded=zero, credit_reserved=zero)
        for kind, receivable_id, text in columns["lines"] or ():
            receipt = _fold(receipt, kind, receivable_id, Money(Decimal(text), currency))
        for receivable_id, text in columns["held"] or ():
            receipt = _fold(receipt, REQUESTED, receivable_id, Money(Decimal(text), currency))
        return receipt


def _fold(receipt: Receipt, kind: str, receivable_id: str | None, amount: Money) -> Receipt:
    if receivable_id is None:
        if kind == REFUNDED:
            return replace(receipt, credit_refunded=receipt.credit_refunded + amount)
        return replace(receipt, credit_reserved=receipt.credit_reserved + amount)
    line = receipt.paid(receivable_id)
    if kind == ALLOCATED:
        line = replace(line, amount=line.amount + amount)
    elif kind == REFUNDED:
        line = replace(line, refunded=line.refunded + amount)
    else:
        line = replace(line, reserved=line.reserved + amount)
    return replace(receipt, allocations=receipt.with_line(line))


RECORDS = _Receipts(RECEIPTS, Receipt, what="receipt", money=("amount",))

_LISTING = Listing(
    SPEC,
    columns={
        **{name: _table[name] for name in SPEC.fields if name in _table},
        "amount": _table.amount_amount,
        "unapplied": UNAPPLIED,
    },
    id_column=_table.id,
    search=lambda wanted: matches(
        _table.grams,
        wanted,
        _table.payer,
        _table.number,
        func.coalesce(_table.bank_reference, ""),
    ),
)


def new_number(tx: "Tx") -> str:
    """Return the next number of a receipt."""
    return next_number(tx, "SK", "receipt_numbers")


def read(tx: "Tx", receipt_id: str) -> Receipt:
    """Return one receipt that the actor may see.

    Raises:
        NotFound: `not_found`.
    """
    statement = _STATEMENT.where(tx.visible(READ, _table.owner_id))
    return RECORDS.one(tx, statement, receipt_id)


def lock(tx: "Tx", receipt_id: str, touch: str) -> Receipt:
    """Return one receipt, locked, that the actor may see and touch.

    Raises:
        NotFound: `not_found`.
        Forbidden: `not_permitted`.
    """
    reach.lock(tx, RECEIPTS, [receipt_id], what="receipt", read=READ, touch=touch)
    return RECORDS.one(tx, _STATEMENT, receipt_id)


def lock_for_refund(tx: "Tx", receipt_id: str) -> Receipt:
    """Return the receipt of a refund, locked, whoever owns it: the refund decides."""
    tx.execute(select(_table.id).where(_table.id == receipt_id).with_for_update())
    return RECORDS.one(tx, _STATEMENT, receipt_id)


def page(tx: "Tx", query: Mapping[str, Any]) -> Page:
    """Return one page of what the actor may see."""
    statement = _STATEMENT.where(tx.visible(READ, _table.owner_id))
    return _LISTING.page(tx, statement, query, RECORDS.build)
