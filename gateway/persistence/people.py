"""People: rows, their replica, and who stands above whom."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, literal, select

from chassis.db import Tx
from chassis.directory import store_person
from chassis.listing import Listing, Page
from chassis.records import Records
from gateway.domain.people import Person, replica
from gateway.persistence.tables import persons
from schemas.gateway import PEOPLE_LIST

PEOPLE = Records(persons, Person, what="person")

_LIST = Listing(
    PEOPLE_LIST,
    {name: persons.c[name] for name in {*PEOPLE_LIST.fields, *PEOPLE_LIST.sorts}},
    persons.c.id,
)
_TREE_LOCK = "persons.manager_id"


def lock_name(tx: Tx, name: str) -> None:
    """Hold an advisory lock until the transaction ends."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


def read_person(tx: Tx, person_id: str) -> Person:
    """Return a person whom the actor may see; one always sees oneself."""
    return PEOPLE.read(tx, person_id, tx.visible("people:read", persons.c.id))


def page_of_people(tx: Tx, query: Mapping[str, Any]) -> Page:
    """Return a page of the people whom the actor may see."""
    statement = select(persons).where(tx.visible("people:read", persons.c.id))
    return _LIST.page(tx, statement, query, PEOPLE.build)


def add_person(tx: Tx, person: Person) -> None:
    """Insert a person and its replica."""
    PEOPLE.add(tx, person)
    store_person(tx, replica(person))


def save_person(tx: Tx, person: Person) -> None:
    """Write a changed person and its replica."""
    PEOPLE.save(tx, person)
    store_person(tx, replica(person))


def person_exists(tx: Tx, person_id: str) -> bool:
    """Return whether there is such a person."""
    return tx.value(select(literal(1)).where(persons.c.id == person_id)) is not None


def find_managers_above(tx: Tx, manager_id: str) -> set[str]:
    """Return a manager and everybody above; one such look at a time, so no two make a ring."""
    lock_name(tx, _TREE_LOCK)
    above = (
        select(persons.c.id, persons.c.manager_id)
        .where(persons.c.id == manager_id)
        .cte("above", recursive=True)
    )
    step = select(persons.c.id, persons.c.manager_id).join(
        above, persons.c.id == above.c.manager_id
    )
    return {row.id for row in tx.rows(select(above.union(step).c.id))}


def find_admin(tx: Tx) -> Person | None:
    """Return the first active administrator, if there is one."""
    statement = select(persons).where(persons.c.roles.contains(["admin"]), persons.c.active)
    found = PEOPLE.find(tx, statement.order_by(persons.c.created_at, persons.c.id).limit(1))
    return found[0] if found else None
