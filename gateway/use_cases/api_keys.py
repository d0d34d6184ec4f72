"""API keys: given, listed, taken back."""

import secrets
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import schemas.gateway as schemas
from chassis.db import Tx
from chassis.entrypoints import command, query
from chassis.errors import Invalid
from chassis.ids import new_id
from chassis.validation import ListQuery
from gateway.domain import api_keys as rules
from gateway.domain.api_keys import ApiKey, ApiKeyCreated
from gateway.persistence import api_keys, people

_REPLY = schemas.NewApiKey()
_PAGE = schemas.ApiKey(many=True)


def new_secret() -> str:
    """Return a fresh secret."""
    letters = rules.ALPHABET
    return rules.secret("".join(secrets.choice(letters) for _ in range(rules.RANDOM_LENGTH)))


def add_key(
    tx: Tx, *, person_id: str, name: str, scopes: list[str] | None, days: int
) -> tuple[ApiKey, str]:
    """Store a new key, publish it, and return it with its secret."""
    raw = new_secret()
    by, now = tx.actor.id, tx.now
    key = ApiKey(
        id=new_id(),
        created_at=now,
        created_by=by,
        updated_at=now,
        updated_by=by,
        person_id=person_id,
        name=name,
        hash=rules.digest(raw),
        prefix=rules.shown(raw),
        scopes=scopes,
        expires_at=now + timedelta(days=days),
    )
    api_keys.API_KEYS.add(tx, key)
    tx.publish(ApiKeyCreated(before=None, after=key))
    return key, raw


class ApiKeys:
    """Credentials of people and of partners' systems."""

    @command(request=schemas.CreateApiKey, allow="api_keys:create")
    def create_api_key(
        self,
        tx: Tx,
        person_id: str,
        name: str,
        scopes: list[str] | None,
        expires_in_days: int,
    ) -> dict[str, Any]:
        """Give a person a key; the answer holds its secret, the only time ever.

        The secret enters the answer after the commit: the idempotency record keeps the answer
        without it, so a replay returns the same key with `key: null`. Whoever lost the first
        answer revokes that key and makes another.

        Raises:
            Invalid: `invalid_request` naming `unknown_person`.
        """
        if not people.person_exists(tx, person_id):
            raise Invalid.field("#/person_id", "unknown_person")
        key, raw = add_key(tx, person_id=person_id, name=name, scopes=scopes, days=expires_in_days)
        reply: dict[str, Any] = _REPLY.dump({**asdict(key), "key": None})
        tx.after_commit(lambda: reply.update(key=raw))
        return reply

    @command(request=schemas.RevokeApiKey, reply=schemas.ApiKey, allow="api_keys:revoke")
    def revoke_api_key(self, tx: Tx, id: str, expected_version: int | None) -> ApiKey:
        """Make a key useless; processes that know it forget it within 5 s.

        Raises:
            NotFound: `not_found`.
            Conflict: `stale_version`.
            Refused: `key_already_revoked`.
        """
        key = api_keys.API_KEYS.lock(tx, id).expect(expected_version)
        key, event = rules.revoke(key, by=tx.actor.id, now=tx.now)
        api_keys.API_KEYS.save(tx, key)
        tx.publish(event)
        return key

    @query(request=ListQuery, allow="api_keys:read")
    def list_api_keys(self, tx: Tx, **query: Any) -> dict[str, Any]:
        """Return a page of keys, without their secrets."""
        page = api_keys.page_of_keys(tx, query)
        return page.dump(_PAGE.dump(page.items))
