"""API keys: their form, and when one is good.

A secret is `crm_live_<32 random characters><6 check characters>`. The check characters let a
mistyped or invented key be refused without a look into the database, and let secret scanners be
sure of a find. Only the SHA-256 of the secret is stored: it has 190 random bits, so a slow hash
would protect nothing and cost more than the answer.
"""

import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime

from chassis.aggregate import Aggregate
from chassis.errors import Refused

PREFIX = "crm_live_"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH = 32
_CHECK_LENGTH = 6
_SHOWN = len(PREFIX) + 4


@dataclass(frozen=True, kw_only=True)
class ApiKey(Aggregate):
    """A credential of one person, limited in time and perhaps in scope."""

    person_id: str
    name: str
    hash: str
    prefix: str
    scopes: list[str] | None
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True)
class ApiKeyCreated:
    """A person got a key."""

    before: None
    after: ApiKey


@dataclass(frozen=True)
class ApiKeyRevoked:
    """A key was made useless."""

    before: ApiKey
    after: ApiKey


def _check(random_part: str) -> str:
    number = zlib.crc32(random_part.encode())
    digits = ""
    for _ in range(_CHECK_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return digits


def secret(random_part: str) -> str:
    """Return the secret made of 32 random characters of the alphabet."""
    if len(random_part) != RANDOM_LENGTH or not set(random_part) <= set(ALPHABET):
        raise ValueError("a secret is made of 32 characters of the alphabet")
    return f"{PREFIX}{random_part}{_check(random_part)}"


def is_well_formed(raw: str) -> bool:
    """Return whether a text can be a secret at all."""
    body = raw[len(PREFIX) :]
    return (
        raw.startswith(PREFIX)
        and len(body) == RANDOM_LENGTH + _CHECK_LENGTH
        and body.isascii()
        and _check(body[:RANDOM_LENGTH]) == body[RANDOM_LENGTH:]
    )


def digest(raw: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(raw.encode()).hexdigest()


def shown(raw: str) -> str:
    """Return the part of a secret that may be shown again."""
    return raw[:_SHOWN]


def problem(
    *, active: bool, revoked_at: datetime | None, expires_at: datetime, now: datetime
) -> str | None:
    """Return why a key is refused (`key_revoked`, `key_expired`, `person_inactive`), or None."""
    if revoked_at is not None:
        return "key_revoked"
    if now >= expires_at:
        return "key_expired"
    return None if active else "person_inactive"


def revoke(key: ApiKey, *, by: str, now: datetime) -> tuple[ApiKey, ApiKeyRevoked]:
    """Return the key, useless from now on, and the event.

    Raises:
        Refused: `key_already_revoked`.
    """
    if key.revoked_at is not None:
        raise Refused("key_already_revoked")
    after = key.changed(by=by, now=now, revoked_at=now)
    return after, ApiKeyRevoked(before=key, after=after)
