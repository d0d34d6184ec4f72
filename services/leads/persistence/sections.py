"""The leads section of the customer 360 view: one statement, plain rows."""

import hashlib
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from chassis.actor import Actor, Level
from chassis.db import Tx
from chassis.directory import visible
from chassis.money import Money
from chassis.wire_json import instant
from services.leads.persistence.leads import may_see
from services.leads.persistence.tables import LEADS, metadata

RECENT = 20
"""Rows in a section; the total is told beside them."""

_SHOWN = (
    LEADS.c.id,
    LEADS.c.version,
    LEADS.c.title,
    LEADS.c.name,
    LEADS.c.company,
    LEADS.c.status,
    LEADS.c.source_channel,
    LEADS.c.source_campaign,
    LEADS.c.product_interest,
    LEADS.c.budget_amount,
    LEADS.c.currency,
    LEADS.c.owner_id,
    LEADS.c.opportunity_id,
    LEADS.c.created_at,
    LEADS.c.converted_at,
    func.count().over().label("total"),
    func.sum(LEADS.c.version).over().label("versions"),
)


def leads_of(tx: Tx, customer_id: str) -> tuple[str, dict[str, Any]]:
    """Return version and data: the leads that a customer came from, newest first."""
    rows = tx.rows(
        _statement(tx.actor, tx.level("leads:read"), tx.level("leads:claim")),
        customer_id=customer_id,
    )
    total = rows[0].total if rows else 0
    state = f"{total}/{rows[0].versions if rows else 0}/" + ",".join(
        f"{row.id}:{row.version}" for row in rows
    )
    data = {"total": total, "items": [_item(row) for row in rows]}
    return hashlib.sha256(state.encode()).hexdigest()[:16], data


class _Reader:
    """Stands for the transaction of an actor: what a predicate asks of one."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def level(self, permission: str) -> Level:
        return self.actor.level(permission)

    def visible(self, permission: str, owner: ColumnElement[Any]) -> ColumnElement[bool]:
        return visible(self.actor, permission, owner, metadata.tables["people"])


# PERF: building a statement costs more than running it. The levels only mark the entry: a role that
# is given other rights makes another statement.
@lru_cache(maxsize=512)
def _statement(actor: Actor, *levels: Level) -> Select[Any]:
    del levels
    return (
        select(*_SHOWN)
        .where(
            LEADS.c.customer_id == bindparam("customer_id"),
            may_see(cast("Tx", _Reader(actor))),
        )
        .order_by(LEADS.c.created_at.desc(), LEADS.c.id.desc())
        .limit(RECENT)
    )


def _item(row: Any) -> dict[str, Any]:
    budget = None
    if row.budget_amount is not None:
        money = Money(row.budget_amount, row.currency)
        budget = {"amount": money.text(), "currency": money.currency}
    return {
        "id": row.id,
        "title": row.title,
        "name": row.name,
        "company": row.company,
        "status": row.status,
        "source_channel": row.source_channel,
        "source_campaign": row.source_campaign,
        "product_interest": row.product_interest,
        "budget": budget,
        "owner_id": row.owner_id,
        "opportunity_id": row.opportunity_id,
        "created_at": instant(row.created_at),
        "converted_at": instant(row.converted_at) if row.converted_at else None,
    }
