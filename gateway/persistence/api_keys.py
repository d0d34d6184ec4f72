"""API keys: rows, and the look-up by hash that every request begins with."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, func, literal, or_, select, text, update

from chassis.db import Tx
from chassis.listing import Listing, Page
from chassis.records import Records
from gateway.domain.api_keys import ApiKey
from gateway.persistence.tables import api_keys, persons
from schemas.gateway import API_KEY_LIST

API_KEYS = Records(api_keys, ApiKey, what="api_key")

_LIST = Listing(
    API_KEY_LIST,
    {name: api_keys.c[name] for name in {*API_KEY_LIST.fields, *API_KEY_LIST.sorts}},
    api_keys.c.id,
)
USED_STEP = text("interval '1 minute'")
"""How exact `last_used_at` is: finer would be a write per request."""

_BY_HASH = (
    select(
        api_keys.c.id,
        api_keys.c.person_id,
        api_keys.c.scopes,
        api_keys.c.expires_at,
        api_keys.c.revoked_at,
        persons.c.roles,
        persons.c.team_path,
        persons.c.locale,
        persons.c.active,
        or_(
            # clock: it only saves a write; nothing is decided by it.
            api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < func.now() - USED_STEP
        ).label("unmarked"),
    )
    .join_from(api_keys, persons, api_keys.c.person_id == persons.c.id)
)  # fmt: skip


def page_of_keys(tx: Tx, query: Mapping[str, Any]) -> Page:
    """Return a page of the keys that the actor may see."""
    statement = select(api_keys).where(tx.visible("api_keys:read", api_keys.c.person_id))
    return _LIST.page(tx, statement, query, API_KEYS.build)


def get_by_hash(tx: Tx, digest: str) -> Row[Any] | None:
    """Return a key together with its person's roles, team, locale and state."""
    return tx.row(_BY_HASH.where(api_keys.c.hash == digest))


def mark_used(tx: Tx, key_id: str) -> None:
    """Note that a key was used, unless somebody notes it at this moment."""
    held = select(api_keys.c.id).where(api_keys.c.id == key_id).with_for_update(skip_locked=True)
    tx.execute(update(api_keys).where(api_keys.c.id.in_(held)).values(last_used_at=tx.now))


def admin_key_exists(tx: Tx) -> bool:
    """Return whether an administrator has a key that is good now."""
    statement = (
        select(literal(1))
        .join_from(api_keys, persons, api_keys.c.person_id == persons.c.id)
        .where(
            persons.c.roles.contains(["admin"]),
            persons.c.active,
            api_keys.c.revoked_at.is_(None),
            api_keys.c.expires_at > tx.now,
        )
        .limit(1)
    )
    return tx.value(statement) is not None
