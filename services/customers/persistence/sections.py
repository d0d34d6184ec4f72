"""What the 360 view shows of a customer, in one statement."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Row

from chassis.actor import Actor, Level
from chassis.directory import visible
from services.customers.persistence import activities as activity_records
from services.customers.persistence import contacts as contact_records
from services.customers.persistence import customers as customer_records
from services.customers.persistence.tables import (
    activities,
    contact_customers,
    contacts,
    customers,
    metadata,
)

if TYPE_CHECKING:
    from chassis.db import Tx

MOST = 20
"""Entries of a list in a section; the total stands beside them."""

_HIDDEN_COLUMNS = ("provisional_for", "name_key", "email_key", "grams")
# Plain strings: SQLAlchemy's own kind of name is no key of a JSON object.
PROFILE = tuple(str(column.name) for column in customers.c if column.name not in _HIDDEN_COLUMNS)


class _Anybody:
    """Stands for the transaction of any actor of one reach; only the id is left open."""

    def __init__(self, roles: tuple[str, ...], team_path: str) -> None:
        self.actor = Actor(id=cast(str, bindparam("me")), roles=roles, team_path=team_path)

    def visible(self, permission: str, owner: ColumnElement[Any]) -> ColumnElement[bool]:
        return visible(self.actor, permission, owner, metadata.tables["people"])


def read_sections(tx: "Tx", customer_id: str, wanted: frozenset[str]) -> Row[Any] | None:
    """Return a visible customer with the lists that are wanted beside it, or None."""
    actor = tx.actor
    levels = tuple(
        actor.level(f"{resource}:read") for resource in ("customers", "contacts", "activities")
    )
    statement = _statement(wanted, levels, actor.roles, actor.team_path)
    return tx.row(statement, customer_id=customer_id, me=actor.id)


@lru_cache(maxsize=512)
def _statement(
    wanted: frozenset[str], levels: tuple[Level, ...], roles: tuple[str, ...], team_path: str
) -> Select[Any]:
    """Return the statement for readers of one reach.

    PERF: making it anew takes longer than running it. The levels only mark the entry: a role that
    is given other rights makes another statement.
    """
    tx = cast("Tx", _Anybody(roles, team_path))
    parts: list[ColumnElement[Any]] = [customers.c[name] for name in PROFILE]
    lists = {"contacts": _contacts, "activities": _activities}
    for name in sorted(wanted & lists.keys()):
        top = lists[name](tx).limit(MOST).subquery("top")
        rows = func.jsonb_agg(literal_column("top"), type_=JSONB)
        parts.append(select(rows).select_from(top).scalar_subquery().label(name))
    return select(*parts).where(
        customers.c.id == bindparam("customer_id"), customer_records.shown(tx)
    )


def _contacts(tx: "Tx") -> Select[Any]:
    c, here = contacts.c, contact_customers.alias("here")
    return (
        select(
            c.id, c.version, c.name, c.phone, c.phone_e164, c.email, c.job_title, c.department,
            c.office, c.attitude, c.reports_to_id, here.c.role, here.c.influence,
            here.c.is_primary, c.updated_at, func.count().over().label("total"),
        )
        .join(here, here.c.contact_id == c.id)
        .where(here.c.customer_id == bindparam("customer_id"), contact_records.shown(tx))
        .order_by(here.c.is_primary.desc(), c.created_at.desc(), c.id.desc())
    )  # fmt: skip


def _activities(tx: "Tx") -> Select[Any]:
    c = activities.c
    return (
        select(
            c.id, c.version, c.kind, c.subject_type, c.subject_id, c.contact_id, c.body,
            c.occurred_at, c.next_contact_at, c.owner_id, c.created_at,
            func.count().over().label("total"),
        )
        .where(c.customer_id == bindparam("customer_id"), activity_records.shown(tx))
        .order_by(c.occurred_at.desc(), c.id.desc())
    )  # fmt: skip


def dump_list(rows: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Return a list that the database made into JSON, with instants as everywhere else."""
    rows = rows or []
    total = rows[0]["total"] if rows else 0
    return {
        "total": total,
        "items": [
            {
                name: value.replace("+00:00", "Z") if value and name.endswith("_at") else value
                for name, value in row.items()
                if name != "total"
            }
            for row in rows
        ],
    }
