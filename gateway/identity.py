"""Who a credential belongs to; asked by every request, so it is remembered for some seconds."""

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from chassis import clock
from chassis.actor import Actor, system_actor
from chassis.db import Database, Tx
from chassis.ids import new_id
from gateway.database import DATABASE
from gateway.domain import api_keys as rules
from gateway.domain.people import Person, PersonChanged
from gateway.persistence import api_keys, people
from gateway.persistence.tables import metadata
from gateway.use_cases.api_keys import add_key
from schemas.gateway import EVENTS

REMEMBER_SECONDS = 5.0
"""How long a revoked key or a removed role may still be honoured."""

_LIMIT = 10_000
_ADMIN_KEY_DAYS = 365
_BOOTSTRAP_LOCK = "gateway.bootstrap_admin"


@dataclass(frozen=True)
class KeyRecord:
    """An API key with what its person may do.

    Attributes:
        scopes: None means: whatever the roles allow.
        active: Whether the person is.
    """

    id: str
    person_id: str
    roles: tuple[str, ...]
    team_path: str
    scopes: tuple[str, ...] | None
    expires_at: datetime
    revoked_at: datetime | None
    locale: str
    active: bool

    @property
    def problem(self) -> str | None:
        """Return why the key is refused now: `key_revoked`, `key_expired`, `person_inactive`."""
        return rules.problem(
            active=self.active,
            revoked_at=self.revoked_at,
            expires_at=self.expires_at,
            now=clock.now(),
        )

    @cached_property
    def actor(self) -> Actor:
        """Return the actor; made once, since signing is cached by it."""
        return Actor(
            id=self.person_id,
            roles=self.roles,
            team_path=self.team_path,
            scopes=self.scopes,
            client_id=self.id,
            locale=self.locale,
        )


class _Memory:
    """Keys seen lately, by hash; an unknown key is remembered too, against guessing."""

    def __init__(self) -> None:
        self._found: dict[bytes, tuple[float, KeyRecord | None]] = {}
        self._lock = threading.Lock()

    def get(self, digest: bytes) -> tuple[float, KeyRecord | None] | None:
        entry = self._found.get(digest)
        return entry if entry and clock.monotonic() < entry[0] else None

    def put(self, digest: bytes, record: KeyRecord | None) -> None:
        with self._lock:
            if len(self._found) >= _LIMIT:
                self._found.clear()
            self._found[digest] = (clock.monotonic() + REMEMBER_SECONDS, record)

    def clear(self) -> None:
        with self._lock:
            self._found.clear()


_memory = _Memory()


def find_key(raw_key: str) -> KeyRecord | None:
    """Return what is known of a secret, or None; a refused key has a `problem`.

    Raises:
        Unavailable: The database does not answer and the key was not seen lately.
    """
    mark = hashlib.sha256(raw_key.encode("utf-8", "surrogatepass")).digest()
    known = _memory.get(mark)
    if known:
        return known[1]
    if not rules.is_well_formed(raw_key):
        return None
    record = DATABASE.run(lambda tx: _read(tx, mark.hex()), system_actor("gateway"))
    _memory.put(mark, record)
    return record


def actor_of(record: KeyRecord) -> Actor:
    """Return the actor that a key speaks for."""
    return record.actor


def forget_keys() -> None:
    """Forget all remembered keys, so that the next request asks the database."""
    _memory.clear()


def _read(tx: Tx, digest: str) -> KeyRecord | None:
    row = api_keys.get_by_hash(tx, digest)
    if row is None:
        return None
    if row.unmarked:
        api_keys.mark_used(tx, row.id)
    return KeyRecord(
        id=row.id,
        person_id=row.person_id,
        roles=tuple(row.roles),
        team_path=row.team_path,
        scopes=None if row.scopes is None else tuple(row.scopes),
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        locale=row.locale,
        active=row.active,
    )


def bootstrap_admin(database_url: str) -> str | None:
    """Make the first administrator with a key, unless an administrator has a good key.

    Args:
        database_url: SQLAlchemy URL of the gateway's database, migrated.

    Returns:
        The secret of the new key, which is stored nowhere; None if nothing was made.
    """
    database = Database("gateway", metadata, EVENTS, url=database_url, pool_size=1)
    try:
        return database.run(_bootstrap, system_actor("gateway"))
    finally:
        database.dispose()


def _bootstrap(tx: Tx) -> str | None:
    people.lock_name(tx, _BOOTSTRAP_LOCK)
    if api_keys.admin_key_exists(tx):
        return None
    admin = people.find_admin(tx)
    if admin is None:
        by, now = tx.actor.id, tx.now
        admin = Person(
            id=new_id(),
            created_at=now,
            created_by=by,
            updated_at=now,
            updated_by=by,
            name="Administrator 管理员",
            team_path="/",
            roles=["admin"],
        )
        people.add_person(tx, admin)
        tx.publish(PersonChanged(before=None, after=admin))
    _, raw = add_key(
        tx,
        person_id=admin.id,
        name="First key of this installation",
        scopes=None,
        days=_ADMIN_KEY_DAYS,
    )
    return raw
