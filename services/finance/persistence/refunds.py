"""Refunds: rows, locks and lists."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from chassis.listing import Listing, Page
from chassis.numbers import next_number
from chassis.records import Records
from schemas.finance.lists import REFUNDS as SPEC
from services.finance.domain.refunds import Refund
from services.finance.persistence import reach
from services.finance.persistence.tables import REFUNDS

if TYPE_CHECKING:
    from chassis.db import Tx

READ = "refunds:read"
_table = REFUNDS.c

RECORDS = Records(REFUNDS, Refund, what="refund", money=("amount",))

_LISTING = Listing(
    SPEC,
    columns={
        **{name: _table[name] for name in SPEC.fields if name in _table},
        "amount": _table.amount_amount,
    },
    id_column=_table.id,
)


def new_number(tx: "Tx") -> str:
    """Return the next number of a refund."""
    return next_number(tx, "TK", "refund_numbers")


def read(tx: "Tx", refund_id: str) -> Refund:
    """Return one refund that the actor may see.

    Raises:
        NotFound: `not_found`.
    """
    return RECORDS.read(tx, refund_id, tx.visible(READ, _table.owner_id))


def lock(tx: "Tx", refund_id: str, touch: str) -> Refund:
    """Return one refund, locked, that the actor may see and touch.

    Raises:
        NotFound: `not_found`.
        Forbidden: `not_permitted`.
    """
    reach.lock(tx, REFUNDS, [refund_id], what="refund", read=READ, touch=touch)
    return RECORDS.read(tx, refund_id)


def page(tx: "Tx", query: Mapping[str, Any]) -> Page:
    """Return one page of what the actor may see."""
    statement = select(REFUNDS).where(tx.visible(READ, _table.owner_id))
    return _LISTING.page(tx, statement, query, RECORDS.build)
