"""Who is at the door: an API key in the `Authorization` header, and nothing else.

A refusal says which credential was read and why it was not good enough; it never says whether a
key that was not recognised resembles a known one.
"""

from collections.abc import Callable
from typing import Any

from flask import Request

from chassis.actor import Actor
from gateway.http.headers import bearer
from gateway.http.metrics import AUTH_FAILURES
from gateway.http.refusals import HttpRefusal

_SHOWN = 12
"""Characters of a refused key that its own sender gets to see again."""
_MISPLACED_HEADERS = ("X-Api-Key", "Api-Key", "X-Auth-Token")
_MISPLACED_PARAMETERS = ("api_key", "apikey", "token", "access_token", "key")


class Authenticator:
    """Turns the credential of a request into an actor.

    Args:
        find_key: Returns the record of a raw key, or None; may answer from a short-lived cache.
        actor_of: Returns the actor that a key's record stands for.
    """

    def __init__(self, find_key: Callable[[str], Any], actor_of: Callable[[Any], Actor]) -> None:
        self._find_key = find_key
        self._actor_of = actor_of

    def authenticate(self, request: Request) -> Actor:
        """Return the actor of a request.

        Raises:
            HttpRefusal: 401 with `credential_missing`, `credential_misplaced`,
                `credential_malformed`, `key_not_recognised`, `key_expired`, `key_revoked`,
                `person_inactive`.
        """
        try:
            raw = bearer(request.headers)
            if raw is None:
                place = _misplaced(request)
                if place is not None:
                    raise HttpRefusal(401, "credential_misplaced", credential=place)
                raise HttpRefusal(401, "credential_missing")
            record = self._find_key(raw)
            if record is None:
                raise HttpRefusal(401, "key_not_recognised", **_seen(raw))
            if record.problem:
                raise HttpRefusal(401, record.problem, **_seen(raw))
        except HttpRefusal as refusal:
            AUTH_FAILURES.labels(refusal.code).inc()
            raise
        return self._actor_of(record)


def _seen(raw: str) -> dict[str, str]:
    shown = raw[: min(_SHOWN, len(raw) // 3)]
    return {"credential": "Authorization: Bearer", "key_begins_with": f"{shown}…"}


def _misplaced(request: Request) -> str | None:
    """Return where a credential seems to have been put by mistake."""
    for name in _MISPLACED_HEADERS:
        if name in request.headers:
            return name
    for name in _MISPLACED_PARAMETERS:
        if name in request.args:
            return f"?{name}="
    return "Cookie" if request.cookies else None
