"""Reads of the event log for one customer, limited to what the reader may see."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    false,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import Compiled

from chassis.actor import Actor, Level
from chassis.db import Tx
from chassis.directory import visible
from gateway.persistence.tables import converted_leads, event_log, log_subjects, people

SHARED = ("contact", "activity")
"""Subjects that whoever may see the customer's own record sees, whoever wrote them."""

_E = event_log.c
_KIND = func.split_part(_E.subject, "/", 1)
_LIMIT: BindParameter[int] = bindparam("limit", type_=Integer)
_LAST = 2**63 - 1


def is_customer_visible(tx: Tx, customer_id: str) -> bool:
    """Return whether the log knows the customer and the actor may see it."""
    may = tx.visible("customers:read", log_subjects.c.owner_id)
    found = select(may.label("visible")).where(log_subjects.c.subject == f"customer/{customer_id}")
    return bool(tx.value(found))


def all_logged(tx: Tx, event_ids: list[str]) -> bool:
    """Return whether all of some events are in the log."""
    wanted = cast(event_ids, ARRAY(Uuid(as_uuid=False)))
    count = tx.value(select(func.count()).where(_E.event_id == any_(wanted)))
    return bool(count == len(set(event_ids)))


def find_entries(
    tx: Tx,
    customer_id: str,
    permissions: Mapping[str, str],
    *,
    before: int | None,
    limit: int,
) -> list[Row[Any]]:
    """Return a customer's newest events, those of the leads it came from included.

    Args:
        permissions: Kind of subject → permission that reading it takes; other kinds are left out.
        before: Number that all of them are below; None starts with the newest.
    """
    statement = _statement(tx.actor, tuple(permissions.items()))
    values = {
        "customer": customer_id,
        "customer_subject": f"customer/{customer_id}",
        "before": _LAST if before is None else before,
        "limit": limit,
    }
    return list(tx.connection.exec_driver_sql(statement.string, statement.construct_params(values)))


@lru_cache(maxsize=1024)
def _statement(actor: Actor, permissions: tuple[tuple[str, str], ...]) -> Compiled:
    """Return the compiled read of one actor: making it anew takes longer than running it."""
    allowed = and_(
        _allowed(actor, dict(permissions)),
        _E.seq < bindparam("before", type_=BigInteger),
    )
    customer: BindParameter[str] = bindparam("customer", type_=Text)
    leads = select(converted_leads.c.lead_id).where(converted_leads.c.customer_id == customer)
    of_leads = and_(
        _E.lead_id == any_(func.array(leads.scalar_subquery())),
        _E.customer_id.is_distinct_from(customer),
    )
    # Two index scans that each stop at the limit; one condition with OR would read everything.
    both = union_all(
        select(_newest(and_(_E.customer_id == customer, allowed)).subquery()),
        select(_newest(and_(of_leads, allowed)).subquery()),
    ).subquery()
    statement = (
        select(both, people.c.name.label("actor_name"))
        .join_from(both, people, people.c.id == both.c.actor, isouter=True)
        .order_by(both.c.seq.desc())
        .limit(_LIMIT)
    )
    return statement.compile(dialect=psycopg.dialect())  # type: ignore[no-untyped-call]


def _newest(condition: ColumnElement[bool]) -> Select[Any]:
    event_id = cast(_E.event_id, Text).label("event_id")
    return (
        select(_E.seq, event_id, _E.time, _E.type, _E.source, _E.subject, _E.actor, _E.body)
        .join_from(event_log, log_subjects, log_subjects.c.subject == _E.subject, isouter=True)
        .where(condition)
        .order_by(_E.seq.desc())
        .limit(_LIMIT)
    )


def _allowed(actor: Actor, permissions: Mapping[str, str]) -> ColumnElement[bool]:
    """Return the predicate own / team / all, by kind of subject and its present owner."""
    customer = log_subjects.alias("customer")
    of_customer = (
        select(customer.c.owner_id)
        .where(customer.c.subject == bindparam("customer_subject", type_=Text))
        .scalar_subquery()
    )
    owner = func.coalesce(log_subjects.c.owner_id, of_customer)
    groups: dict[tuple[Level, bool], list[str]] = {}
    for kind, permission in permissions.items():
        groups.setdefault((actor.level(permission), kind in SHARED), []).append(kind)
    ways = []
    for (level, shared), kinds in groups.items():
        if level is Level.NONE:
            continue
        permission = permissions[kinds[0]]
        mine = visible(actor, permission, owner, people)
        if shared:
            mine = or_(mine, visible(actor, permission, of_customer, people))
        among = cast(sorted(kinds), ARRAY(Text))
        ways.append(and_(_KIND.op("=")(any_(among)), mine))
    return or_(*ways) if ways else false()
