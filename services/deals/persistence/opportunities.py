"""Opportunities: rows, locks, lists and the history of their stages."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, insert, literal, select, update
from sqlalchemy import delete as sql_delete

from chassis.grams import grams, matches
from chassis.listing import Listing, Page
from chassis.money import Money
from chassis.numbers import next_number
from chassis.records import Records
from schemas.deals.lists import OPPORTUNITIES as SPEC
from services.deals.domain.advancing import StageStay
from services.deals.domain.opportunities import Opportunity
from services.deals.domain.pricing import Line
from services.deals.persistence import reach
from services.deals.persistence.tables import OPPORTUNITIES, STAGE_STAYS

if TYPE_CHECKING:
    from chassis.db import Tx

_READ = "opportunities:read"
_FAR_FUTURE = date(9999, 12, 31)
_table = OPPORTUNITIES.c


def _lines_to_json(lines: tuple[Line, ...]) -> list[dict[str, Any]]:
    return [
        {
            **asdict(line),
            "unit_price": line.unit_price.amount,
            "currency": line.unit_price.currency,
        }
        for line in lines
    ]


def _lines_from_json(stored: list[dict[str, Any]]) -> tuple[Line, ...]:
    return tuple(
        Line(
            product=item["product"],
            sku=item["sku"],
            quantity=Decimal(item["quantity"]),
            unit_price=Money(Decimal(item["unit_price"]), item["currency"]),
            discount_percent=Decimal(item["discount_percent"]),
        )
        for item in stored
    )


class _Opportunities(Records[Opportunity]):
    def values(self, record: Opportunity) -> dict[str, Any]:
        found = grams(record.name, record.number)
        return {**super().values(record), "grams": found}


RECORDS = _Opportunities(
    OPPORTUNITIES,
    Opportunity,
    what="opportunity",
    money=("amount",),
    codecs={"lines": (_lines_to_json, _lines_from_json)},
)

_LISTING = Listing(
    SPEC,
    columns={
        **{name: _table[name] for name in SPEC.fields if name in _table},
        "amount": _table.amount_amount,
    },
    id_column=_table.id,
    search=lambda wanted: matches(_table.grams, wanted, _table.name, _table.number),
    sort_columns={
        "amount": func.coalesce(_table.amount_amount, literal(Decimal(0))),
        "expected_close_on": func.coalesce(_table.expected_close_on, literal(_FAR_FUTURE)),
    },
)


def _settled() -> ColumnElement[bool]:
    """Return the condition that hides what a running conversion has made."""
    return _table.provisional_for.is_(None)


def new_number(tx: "Tx") -> str:
    """Return the next number of an opportunity."""
    return next_number(tx, "SJ", "opportunity_numbers")


def read(tx: "Tx", opportunity_id: str) -> Opportunity:
    """Return one opportunity that the actor may see."""
    return RECORDS.read(tx, opportunity_id, tx.visible(_READ, _table.owner_id), _settled())


def lock(tx: "Tx", opportunity_id: str, permission: str) -> Opportunity:
    """Return one opportunity, locked, that the actor may see and touch."""
    return reach.lock(tx, RECORDS, opportunity_id, _READ, permission, _settled())


def lock_any(tx: "Tx", opportunity_id: str) -> Opportunity | None:
    """Return one opportunity, locked, for a listener that acts for nobody."""
    row = tx.row(
        select(OPPORTUNITIES)
        .where(_table.id == opportunity_id, _settled())
        .with_for_update(of=OPPORTUNITIES)
    )
    return RECORDS.build(row) if row else None


def page(tx: "Tx", query: Mapping[str, Any]) -> Page:
    """Return one page of what the actor may see."""
    statement = select(OPPORTUNITIES).where(tx.visible(_READ, _table.owner_id), _settled())
    return _LISTING.page(tx, statement, query, RECORDS.build)


def add(tx: "Tx", opportunity: Opportunity) -> None:
    """Insert a new opportunity; its first stay begins with it."""
    RECORDS.add(tx, opportunity)
    enter_stage(tx, opportunity)


def enter_stage(tx: "Tx", opportunity: Opportunity, reason: str | None = None) -> None:
    """Begin a stay in the opportunity's present stage; the one before must have ended."""
    tx.execute(
        insert(STAGE_STAYS).values(
            opportunity_id=opportunity.id,
            stage=opportunity.stage,
            entered_at=opportunity.updated_at,
            entered_by=opportunity.updated_by,
            reason=reason,
        )
    )


def leave_stage(tx: "Tx", opportunity: Opportunity) -> None:
    """End the stay that lasts, at the instant of the opportunity's last change."""
    stays = STAGE_STAYS.c
    tx.execute(
        update(STAGE_STAYS)
        .where(stays.opportunity_id == opportunity.id, stays.left_at.is_(None))
        .values(left_at=opportunity.updated_at, left_by=opportunity.updated_by)
    )


def find_stays(tx: "Tx", opportunity_id: str) -> list[StageStay]:
    """Return every stay of an opportunity, the first one first."""
    stays = STAGE_STAYS.c
    rows = tx.rows(
        select(
            stays.stage,
            stays.entered_at,
            stays.entered_by,
            stays.left_at,
            stays.left_by,
            stays.reason,
        )
        .where(stays.opportunity_id == opportunity_id)
        .order_by(stays.id)
    )
    return [StageStay(**row._mapping) for row in rows]


def read_provisional(tx: "Tx", opportunity_id: str) -> Opportunity:
    """Return what a conversion has made, which nobody else can read."""
    return RECORDS.read(tx, opportunity_id, _table.provisional_for.is_not(None))


def reveal(tx: "Tx", opportunity: Opportunity) -> None:
    """Make what a conversion has made visible to everybody."""
    tx.execute(
        update(OPPORTUNITIES)
        .where(_table.id == opportunity.id, _table.provisional_for.is_not(None))
        .values(provisional_for=None)
    )


def remove_provisional(tx: "Tx", opportunity_id: str) -> None:
    """Take back what a conversion has made, its stage history with it."""
    tx.execute(
        sql_delete(OPPORTUNITIES).where(
            _table.id == opportunity_id, _table.provisional_for.is_not(None)
        )
    )
