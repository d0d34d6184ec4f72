"""Leads in the database: who may see and change which, locks, saves and the list."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, or_, select, true
from sqlalchemy.dialects.postgresql import insert

from chassis.actor import Level
from chassis.db import Tx
from chassis.errors import NotFound
from chassis.grams import grams, matches
from chassis.listing import Listing, Page
from chassis.records import Records
from schemas.leads.lists import LEADS as LIST
from services.leads.domain.lead import Lead
from services.leads.persistence.pools import in_my_pool
from services.leads.persistence.tables import FAR, LEADS


class LeadRecords(Records[Lead]):
    """Leads, with the columns that only searching and matching need."""

    def values(self, record: Lead) -> dict[str, Any]:
        """Return the column values of a lead."""
        return {
            "currency": None,
            **super().values(record),
            "title": record.title,
            "email_key": record.email.casefold() if record.email else None,
            "grams": grams(record.name, record.company, record.phone_e164, record.email),
        }


RECORDS = LeadRecords(LEADS, Lead, what="lead", money=("budget",))

LISTING = Listing(
    LIST,
    {
        **{name: LEADS.c[name] for name in LIST.fields if name in LEADS.c},
        "budget": LEADS.c.budget_amount,
        "has_phone": LEADS.c.phone_e164.is_not(None),
        "has_email": LEADS.c.email.is_not(None),
        "next_contact_at": func.coalesce(LEADS.c.next_contact_at, literal_column(FAR)),
    },
    LEADS.c.id,
    lambda wanted: matches(
        LEADS.c.grams,
        wanted,
        LEADS.c.name,
        LEADS.c.company,
        LEADS.c.phone_e164,
        LEADS.c.email,
    ),
)


def may_see(tx: Tx) -> ColumnElement[bool]:
    """Return the predicate of what the actor sees: own, team or all; its pools; what it sent."""
    if tx.level("leads:read") is Level.ALL:
        return true()
    parts = [tx.visible("leads:read", LEADS.c.owner_id)]
    if tx.level("leads:claim") is not Level.NONE:
        parts.append(in_my_pool(tx, LEADS.c.pool_id))
    return or_(*parts, *_sent_by_partner(tx))


def may_do(tx: Tx, permission: str) -> ColumnElement[bool]:
    """Return the predicate of the leads on which a permission reaches: narrower than seeing."""
    level = tx.level(permission)
    if level is Level.ALL:
        return true()
    parts = [tx.visible(permission, LEADS.c.owner_id)]
    if level is Level.TEAM:  # Who manages people may also tend the leads of their pools.
        parts.append(in_my_pool(tx, LEADS.c.pool_id))
    if level is not Level.NONE:
        parts.extend(_sent_by_partner(tx))
    return or_(*parts)


def _sent_by_partner(tx: Tx) -> list[ColumnElement[bool]]:
    """A partner never owns a lead; it follows those that it handed in."""
    return [LEADS.c.created_by == tx.actor.id] if "partner" in tx.actor.roles else []


def read(tx: Tx, lead_id: str) -> Lead:
    """Return a lead that the actor sees."""
    return RECORDS.read(tx, lead_id, may_see(tx))


def lock(tx: Tx, lead_id: str, permission: str) -> tuple[Lead, bool]:
    """Return a visible lead, locked, and whether the permission reaches it.

    Raises:
        NotFound: `not_found`.
    """
    return _lock(tx, lead_id, may_see(tx), may_do(tx, permission), for_update=True)


def check(tx: Tx, lead_id: str, permission: str) -> tuple[Lead, bool]:
    """Return a visible lead and whether the permission reaches it."""
    return _lock(tx, lead_id, may_see(tx), may_do(tx, permission), for_update=False)


def lock_for_claim(tx: Tx, lead_id: str) -> tuple[Lead, bool]:
    """Return a lead that is or was to be claimed, locked, and whether the actor sees it.

    Members of the pool that it came from learn that it is taken, and no more.

    Raises:
        NotFound: `not_found`.
    """
    seen = may_see(tx)
    was_mine = in_my_pool(tx, LEADS.c.former_pool_id)
    return _lock(tx, lead_id, or_(seen, was_mine), seen, for_update=True)


def _lock(
    tx: Tx,
    lead_id: str,
    where: ColumnElement[bool],
    flag: ColumnElement[bool],
    *,
    for_update: bool,
) -> tuple[Lead, bool]:
    statement: Select[Any] = select(LEADS, flag.label("flag")).where(LEADS.c.id == lead_id, where)
    row = tx.row(statement.with_for_update(of=LEADS) if for_update else statement)
    if row is None:
        raise NotFound("not_found", resource="lead", id=lead_id)
    return RECORDS.build(row), bool(row.flag)


def add_external(tx: Tx, lead: Lead, fingerprint: str) -> bool:
    """Insert a lead with an external id; False if the id is taken.

    An equal insert in flight is waited for.
    """
    values = {**RECORDS.values(lead), "external_fingerprint": fingerprint}
    statement = (
        insert(LEADS)
        .values(values)
        .on_conflict_do_nothing(
            index_elements=["source_system", "external_id"],
            index_where=LEADS.c.external_id.is_not(None),
        )
        .returning(LEADS.c.id)
    )
    return tx.value(statement) is not None


def find_external(tx: Tx, system: str, reference: str) -> tuple[Lead, str | None, bool] | None:
    """Return the lead of an external id, its fingerprint and whether the actor sees it."""
    row = tx.row(
        select(LEADS, may_see(tx).label("flag")).where(
            LEADS.c.source_system == system, LEADS.c.external_id == reference
        )
    )
    return (RECORDS.build(row), row.external_fingerprint, bool(row.flag)) if row else None


def page(tx: Tx, query: Mapping[str, Any]) -> Page:
    """Return one page of the leads that the actor sees."""
    return LISTING.page(tx, select(LEADS).where(may_see(tx)), query, RECORDS.build)
