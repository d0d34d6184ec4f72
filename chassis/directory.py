"""The replica of people that every service keeps, and the predicate own / team / all over it.

The gateway owns people and publishes `person_changed`; every service copies them into its own
`people` table. Visibility joins that table by owner, it is never copied onto records: when a person
changes team, all its records follow at once.
"""

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Table, false, func, select, true
from sqlalchemy.dialects.postgresql import insert

from chassis.actor import Actor, Level

if TYPE_CHECKING:
    from chassis.db import Tx


def visible(
    actor: Actor, permission: str, owner: ColumnElement[Any], people: Table
) -> ColumnElement[bool]:
    """Return the SQL predicate of what an actor may see or touch.

    Args:
        permission: Such as `leads:read`; its level decides.
        owner: Column holding the id of the record's owner.
        people: The service's replica table.
    """
    level = actor.level(permission)
    if level is Level.ALL:
        return true()
    if level is Level.TEAM and actor.team_path:
        mates = select(people.c.id).where(
            people.c.team_path.startswith(actor.team_path, autoescape=True)
        )
        return (owner == actor.id) | owner.in_(mates)
    if level is Level.NONE:
        return false()
    return owner == actor.id


def store_person(tx: "Tx", person: dict[str, Any]) -> bool:
    """Copy one person's public view; a version already passed is ignored.

    Returns:
        Whether the copy changed.
    """
    people = tx.database.metadata.tables["people"]
    values = {column.name: person.get(column.name) for column in people.columns}
    statement = insert(people).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=[people.c.id],
        set_={name: statement.excluded[name] for name in values if name != "id"},
        where=people.c.version < statement.excluded.version,
    )
    return tx.value(statement.returning(people.c.id)) is not None


def is_active(tx: "Tx", person_id: str) -> bool:
    """Return whether the replica knows an active person of this id."""
    people = tx.database.metadata.tables["people"]
    found = tx.value(select(people.c.active).where(people.c.id == person_id))
    return bool(found)


def count_people(tx: "Tx") -> int:
    """Return how many people the replica holds."""
    return int(tx.value(select(func.count()).select_from(tx.database.metadata.tables["people"])))
