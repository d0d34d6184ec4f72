"""Where new leads go: to a pool, or at once to a person under its limit."""

from chassis.actor import Level
from chassis.db import Tx
from chassis.errors import Forbidden, Invalid
from services.leads.domain.pool import DEFAULT_POOL_ID
from services.leads.persistence import pools


def place(
    tx: Tx, *, owner_id: str | None, pool_id: str | None, wanted: int = 1
) -> tuple[str | None, str | None]:
    """Return the owner or the pool of new leads; an owner stays locked until the end.

    Args:
        wanted: How many leads; an owner gets all of them or none.

    Raises:
        Invalid: `owner_or_pool` (both given), `unknown_person` (absent or no longer active).
        NotFound: `not_found` for a pool that is absent or not the actor's.
        Forbidden: `not_permitted` to give leads to this person.
        Refused: `owner_at_capacity`.
    """
    if owner_id is None:
        # A partner is in no team, so it hands leads to any pool that it was told of.
        member = tx.level("leads:claim") is not Level.NONE
        if pool_id is not None and pool_id != DEFAULT_POOL_ID:
            pools.expect_pool(tx, pool_id, member=member)
        return None, pool_id or DEFAULT_POOL_ID
    if pool_id is not None:
        raise Invalid.field("#/pool_id", "owner_or_pool")
    _expect_reach(tx, owner_id)
    held = pools.lock_owner(tx, owner_id)
    pools.allowance(tx, DEFAULT_POOL_ID, held).expect_room(wanted)
    return owner_id, None


def _expect_reach(tx: Tx, owner_id: str) -> None:
    """Refuse an owner whom the actor may not give leads to."""
    if tx.level("leads:claim") is Level.NONE:
        raise Forbidden("not_permitted", permission="leads:claim")
    if owner_id == tx.actor.id:
        return
    active, reached = pools.find_person(tx, owner_id, "leads:create")
    if not active:
        raise Invalid.field("#/owner_id", "unknown_person")
    if not reached:
        raise Forbidden("not_permitted", permission="leads:create")
