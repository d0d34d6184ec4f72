"""Pools and capacity: who is a member, how many leads a person holds, and the person's lock."""

from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, true

from chassis.actor import Level
from chassis.db import Tx
from chassis.directory import visible
from chassis.errors import NotFound
from services.leads.domain.lead import OPEN
from services.leads.domain.pool import Allowance, Holder
from services.leads.persistence.tables import LEADS, POOLS, metadata

PEOPLE = metadata.tables["people"]


def in_my_pool(tx: Tx, pool_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the predicate that a pool is one of the actor's: its team lies in the pool's."""
    if tx.level("leads:read") is Level.ALL:
        return pool_id.is_not(None)
    mine = select(POOLS.c.id).where(
        func.starts_with(literal(tx.actor.team_path), POOLS.c.team_path)
    )
    return pool_id.in_(mine)


def expect_pool(tx: Tx, pool_id: str, *, member: bool) -> None:
    """Refuse a pool that is not there or, where membership counts, not the actor's.

    Raises:
        NotFound: `not_found`.
    """
    mine = in_my_pool(tx, POOLS.c.id) if member else true()
    if tx.value(select(POOLS.c.id).where(POOLS.c.id == pool_id, mine)) is None:
        raise NotFound("not_found", resource="pool", id=pool_id)


def lock_owner(tx: Tx, person_id: str) -> int:
    """Return how many open leads a person holds, with the person locked until the end.

    Whoever gives leads to a person takes this lock before any lead's: the limit belongs to the
    person. Counting is a statement of its own, so that it sees what the last holder committed.
    """
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"owner:{person_id}", 0))))
    held = select(func.count()).where(LEADS.c.owner_id == person_id, LEADS.c.status.in_(OPEN))
    return int(tx.value(held))


def allowance(tx: Tx, pool_id: str | None, held: int) -> Allowance:
    """Return how many leads a member of a pool may hold, beside what it holds."""
    limit = tx.value(select(POOLS.c.capacity).where(POOLS.c.id == pool_id))
    return Allowance(held=held, limit=int(limit or 0))


def holder(tx: Tx, person_id: str) -> Holder:
    """Return who holds a lead, with its name if the replica knows it."""
    name = tx.value(select(PEOPLE.c.name).where(PEOPLE.c.id == person_id))
    return Holder(person_id, name or "")


def find_person(tx: Tx, person_id: str, permission: str) -> tuple[bool, bool]:
    """Return whether an active person is known, and whether the actor's permission reaches it."""
    reached = visible(tx.actor, permission, PEOPLE.c.id, PEOPLE)
    row = tx.row(select(PEOPLE.c.active, reached.label("reached")).where(PEOPLE.c.id == person_id))
    return (bool(row.active), bool(row.reached)) if row else (False, False)
