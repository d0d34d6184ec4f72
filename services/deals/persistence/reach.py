"""Who may see a record and who may touch it, the same for both aggregates of this service."""

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ColumnElement, literal, select

from chassis.actor import Level
from chassis.aggregate import Aggregate
from chassis.errors import Forbidden
from chassis.records import Records
from services.deals.persistence.tables import metadata

if TYPE_CHECKING:
    from chassis.db import Tx

A = TypeVar("A", bound=Aggregate)
_PEOPLE = metadata.tables["people"]


def lock(
    tx: "Tx",
    records: Records[A],
    record_id: str,
    read: str,
    touch: str,
    *where: ColumnElement[bool],
) -> A:
    """Return one record, locked, that the actor may see and touch.

    Args:
        read: Permission that decides whether the actor sees it.
        touch: Permission for what is about to happen; often it reaches less far.

    Raises:
        NotFound: `not_found`, also when the actor may not see it.
        Forbidden: `not_permitted` when it is seen but out of reach for this.
    """
    found = records.lock(tx, record_id, tx.visible(read, records.table.c.owner_id), *where)
    require(tx, records, found, read, touch)
    return found


def require(tx: "Tx", records: Records[A], record: A, read: str, touch: str) -> None:
    """Refuse to touch a record that the actor sees but that is out of its reach for this.

    Raises:
        Forbidden: `not_permitted`.
    """
    if tx.level(touch) >= tx.level(read):
        return
    table = records.table.c
    within = select(literal(1)).where(table.id == record.id, tx.visible(touch, table.owner_id))
    if tx.value(within) is None:
        raise Forbidden("not_permitted", permission=touch)


def may_own(tx: "Tx", permission: str, person_id: str) -> bool:
    """Return whether the actor may make a record that belongs to a person.

    Oneself always; others if they are active and within the reach of the permission.
    """
    if person_id == tx.actor.id:
        return tx.level(permission) > Level.NONE
    found: Any = tx.value(
        select(_PEOPLE.c.id).where(
            _PEOPLE.c.id == person_id, _PEOPLE.c.active, tx.visible(permission, _PEOPLE.c.id)
        )
    )
    return found is not None
