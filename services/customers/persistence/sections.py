"""What the 360 view shows of a customer, in one statement."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Row

from services.customers.persistence import activities as activity_records
from services.customers.persistence import contacts as contact_records
from services.customers.persistence import customers as customer_records
from services.customers.persistence.tables import activities, contact_customers, contacts, customers

if TYPE_CHECKING:
    from chassis.db import Tx

MOST = 20
"""Entries of a list in a section; the total stands beside them."""

_HIDDEN_COLUMNS = ("provisional_for", "name_key", "email_key", "grams")
PROFILE = tuple(column.name for column in customers.c if column.name not in _HIDDEN_COLUMNS)


def read_sections(tx: "Tx", customer_id: str, wanted: Collection[str]) -> Row[Any] | None:
    """Return a visible customer with the lists that are wanted beside it, or None."""
    parts: list[ColumnElement[Any]] = [customers.c[name] for name in PROFILE]
    lists = {"contacts": _contacts, "activities": _activities}
    for name in wanted:
        if name in lists:
            some = lists[name](tx, customer_id)
            top = some.limit(MOST).subquery("top")
            rows = func.jsonb_agg(literal_column("top"), type_=JSONB)
            total = select(func.count()).select_from(some.order_by(None).subquery("every"))
            parts.append(select(rows).select_from(top).scalar_subquery().label(name))
            parts.append(total.scalar_subquery().label(f"{name}_total"))
    statement = select(*parts).where(customers.c.id == customer_id, customer_records.shown(tx))
    return tx.row(statement)


def _contacts(tx: "Tx", customer_id: str) -> Select[Any]:
    c, here = contacts.c, contact_customers.alias("here")
    return (
        select(
            c.id, c.version, c.name, c.phone, c.phone_e164, c.email, c.job_title, c.department,
            c.office, c.attitude, c.reports_to_id, here.c.role, here.c.influence,
            here.c.is_primary, c.updated_at,
        )
        .join(here, here.c.contact_id == c.id)
        .where(here.c.customer_id == customer_id, contact_records.shown(tx))
        .order_by(here.c.is_primary.desc(), c.created_at.desc(), c.id.desc())
    )  # fmt: skip


def _activities(tx: "Tx", customer_id: str) -> Select[Any]:
    c = activities.c
    return (
        select(
            c.id, c.version, c.kind, c.subject_type, c.subject_id, c.contact_id, c.body,
            c.occurred_at, c.next_contact_at, c.owner_id, c.created_at,
        )
        .where(c.customer_id == customer_id, activity_records.shown(tx))
        .order_by(c.occurred_at.desc(), c.id.desc())
    )  # fmt: skip


def plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row that the database made into JSON with its instants as everywhere else."""
    return {
        name: value.replace("+00:00", "Z") if value and name.endswith("_at") else value
        for name, value in entry.items()
    }
