"""Receivables: rows with the balance that the journal gives them, locks and lists."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, true
from sqlalchemy.dialects.postgresql import insert

from chassis import clock
from chassis.listing import Listing, Page
from chassis.numbers import next_number
from schemas.finance.lists import RECEIVABLES as SPEC
from services.finance.domain.receivables import OPEN, OVERDUE, PARTIAL, SETTLED, Receivable
from services.finance.persistence import reach
from services.finance.persistence.derived import DerivedRecords
from services.finance.persistence.journal import MOVES_COLLECTED, signed
from services.finance.persistence.tables import JOURNAL, RECEIVABLES

if TYPE_CHECKING:
    from chassis.db import Tx

READ = "receivables:read"
_table = RECEIVABLES.c


RECORDS = DerivedRecords(RECEIVABLES, Receivable, what="receivable", money=("amount", "collected"))

SUMS = (
    select(func.coalesce(func.sum(signed()), 0).label("collected_amount"))
    .where(JOURNAL.c.receivable_id == _table.id, MOVES_COLLECTED)
    .lateral("sums")
)
"""What was collected of each receivable; computed once per row that is read."""

COLLECTED = SUMS.c.collected_amount
STILL_OPEN = _table.amount_amount - COLLECTED


def status(today: date | ColumnElement[date]) -> ColumnElement[str]:
    """Return the rule of `Receivable.status` as SQL."""
    return case(
        (STILL_OPEN <= 0, SETTLED),
        (_table.due_on < today, OVERDUE),
        (COLLECTED > 0, PARTIAL),
        else_=OPEN,
    )


def _statement(tx: "Tx") -> Select[Any]:
    as_of = literal(clock.today(tx.now)).label("as_of")
    return select(RECEIVABLES, COLLECTED, as_of).select_from(RECEIVABLES.join(SUMS, true()))


def new_number(tx: "Tx") -> str:
    """Return the next number of a receivable."""
    return next_number(tx, "YS", "receivable_numbers")


def add_once(tx: "Tx", receivables: Sequence[Receivable]) -> bool:
    """Insert the receivables of one contract; False if it has any already.

    Who comes second waits for the first one's commit and then inserts nothing.
    """
    statement = (
        insert(RECEIVABLES)
        .values([RECORDS.values(receivable) for receivable in receivables])
        .on_conflict_do_nothing(index_elements=["contract_id", "sequence"])
        .returning(_table.id)
    )
    return len(tx.rows(statement)) == len(receivables)


def of_contract(tx: "Tx", contract_id: str) -> list[Receivable]:
    """Return the receivables of a contract."""
    return RECORDS.find(tx, _statement(tx).where(_table.contract_id == contract_id))


def read(tx: "Tx", receivable_id: str) -> Receivable:
    """Return one receivable that the actor may see.

    Raises:
        NotFound: `not_found`.
    """
    statement = _statement(tx).where(tx.visible(READ, _table.owner_id))
    return RECORDS.one(tx, statement, receivable_id)


def lock(tx: "Tx", ids: Iterable[str], touch: str) -> dict[str, Receivable]:
    """Return receivables by id, locked, that the actor may see and touch.

    Raises:
        NotFound: `not_found`.
        Forbidden: `not_permitted`.
    """
    wanted = set(ids)
    if not wanted:
        return {}
    reach.lock(tx, RECEIVABLES, wanted, what="receivable", read=READ, touch=touch)
    found = RECORDS.find(tx, _statement(tx).where(_table.id.in_(wanted)))
    return {receivable.id: receivable for receivable in found}


def lock_for_refund(tx: "Tx", receivable_id: str) -> Receivable:
    """Return the receivable of a refund, locked, whoever owns it: the refund decides."""
    tx.execute(select(_table.id).where(_table.id == receivable_id).with_for_update())
    return RECORDS.one(tx, _statement(tx), receivable_id)


def page(tx: "Tx", query: Mapping[str, Any]) -> Page:
    """Return one page of what the actor may see."""
    listing = Listing(
        SPEC,
        columns={
            **{name: _table[name] for name in SPEC.fields if name in _table},
            "amount": _table.amount_amount,
            "collected": COLLECTED,
            "open": STILL_OPEN,
            "status": status(clock.today(tx.now)),
        },
        id_column=_table.id,
    )
    statement = _statement(tx).where(tx.visible(READ, _table.owner_id))
    return listing.page(tx, statement, query, RECORDS.build)
