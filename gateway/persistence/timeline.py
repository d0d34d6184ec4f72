"""Reads of the event log for one customer, limited to what the reader may see."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Select,
    Uuid,
    and_,
    any_,
    cast,
    false,
    func,
    or_,
    select,
    text,
    union_all,
)

from chassis.actor import Level
from chassis.db import Tx
from gateway.persistence.tables import converted_leads, event_log, log_subjects, people

SHARED = ("contact", "activity")
"""Subjects that whoever may see the customer's own record sees, whoever wrote them."""

_E = event_log.c
_KIND = func.split_part(_E.subject, "/", 1)
_LIMIT = text("select set_config('statement_timeout', :ms, true)")


def set_time_limit(tx: Tx, milliseconds: int) -> None:
    """Bound every further statement of a transaction."""
    tx.execute(_LIMIT, {"ms": str(milliseconds)})


def is_customer_visible(tx: Tx, customer_id: str) -> bool:
    """Return whether the log knows the customer and the actor may see it."""
    visible = tx.visible("customers:read", log_subjects.c.owner_id)
    found = select(visible.label("visible")).where(
        log_subjects.c.subject == f"customer/{customer_id}"
    )
    return bool(tx.value(found))


def all_logged(tx: Tx, event_ids: list[str]) -> bool:
    """Return whether all of some events are in the log."""
    wanted = cast(event_ids, ARRAY(Uuid(as_uuid=False)))
    count = tx.value(select(func.count()).where(_E.event_id == any_(wanted)))
    return bool(count == len(set(event_ids)))


def find_entries(
    tx: Tx, customer_id: str, permissions: Mapping[str, str], *, before: int | None, limit: int
) -> list[Row[Any]]:
    """Return a customer's newest events, those of the leads it came from included.

    Args:
        permissions: Kind of subject → permission that reading it takes; other kinds are left out.
        before: Number that all of them are below; None starts with the newest.
    """
    allowed = _allowed(tx, customer_id, permissions)
    if before is not None:
        allowed = and_(allowed, _E.seq < before)
    leads = select(converted_leads.c.lead_id).where(converted_leads.c.customer_id == customer_id)
    of_leads = and_(
        _E.lead_id == any_(func.array(leads.scalar_subquery())),
        _E.customer_id.is_distinct_from(customer_id),
    )
    # Two index scans that each stop at the limit; one condition with OR would read everything.
    both = union_all(
        select(_newest(and_(_E.customer_id == customer_id, allowed), limit).subquery()),
        select(_newest(and_(of_leads, allowed), limit).subquery()),
    ).subquery()
    statement = (
        select(both, people.c.name.label("actor_name"))
        .join_from(both, people, people.c.id == both.c.actor, isouter=True)
        .order_by(both.c.seq.desc())
        .limit(limit)
    )
    return tx.rows(statement)


def _newest(condition: ColumnElement[bool], limit: int) -> Select[Any]:
    return (
        select(_E.seq, _E.event_id, _E.time, _E.type, _E.source, _E.subject, _E.actor, _E.body)
        .join_from(
            event_log, log_subjects, log_subjects.c.subject == _E.subject, isouter=True
        )
        .where(condition)
        .order_by(_E.seq.desc())
        .limit(limit)
    )


def _allowed(tx: Tx, customer_id: str, permissions: Mapping[str, str]) -> ColumnElement[bool]:
    """Return the predicate own / team / all, by kind of subject and its present owner."""
    of_customer = (
        select(log_subjects.c.owner_id)
        .where(log_subjects.c.subject == f"customer/{customer_id}")
        .correlate(None)
        .scalar_subquery()
    )
    owner = func.coalesce(log_subjects.c.owner_id, of_customer)
    groups: dict[tuple[Level, bool], list[str]] = {}
    for kind, permission in permissions.items():
        groups.setdefault((tx.level(permission), kind in SHARED), []).append(kind)
    ways = []
    for (level, shared), kinds in groups.items():
        if level is Level.NONE:
            continue
        permission = permissions[kinds[0]]
        visible = tx.visible(permission, owner)
        if shared:
            visible = or_(visible, tx.visible(permission, of_customer))
        ways.append(and_(_KIND.in_(sorted(kinds)), visible))
    return or_(*ways) if ways else false()
