"""Who may see a record and who may touch it, the same for all three documents of finance."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, func, select

from chassis.actor import Level
from chassis.errors import Forbidden, NotFound
from services.finance.persistence.tables import metadata

if TYPE_CHECKING:
    from chassis.db import Tx

_PEOPLE = metadata.tables["people"]


def lock(tx: "Tx", table: Table, ids: Iterable[str], *, what: str, read: str, touch: str) -> None:
    """Lock rows that the actor may see and touch, always in the order of their ids.

    Locks only: sums are read by a later statement, which sees what those committed that this one
    waited for. One statement for both would count with the snapshot of its start.

    Args:
        what: Singular name for the refusal.
        read: Permission that decides whether the actor sees them.
        touch: Permission for what is about to happen; often it reaches less far.

    Raises:
        NotFound: `not_found`, also when the actor may not see one.
        Forbidden: `not_permitted` when one is seen but out of reach for this.
    """
    wanted = set(ids)
    visible = tx.visible(read, table.c.owner_id)
    statement = (
        select(table.c.id)
        .where(table.c.id.in_(wanted), visible)
        .order_by(table.c.id)
        .with_for_update(of=table)
    )
    missing = wanted - {row.id for row in tx.rows(statement)}
    if missing:
        raise NotFound("not_found", resource=what, id=min(missing))
    if tx.level(touch) < tx.level(read):
        within = select(func.count()).where(
            table.c.id.in_(wanted), tx.visible(touch, table.c.owner_id)
        )
        if tx.value(within) < len(wanted):
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
