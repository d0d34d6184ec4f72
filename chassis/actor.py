"""Who asks: the actor, its signed context on the bus, and what its roles allow.

The gateway (or a saga, on behalf of a person) signs a short-lived EdDSA token for one called
service; the service verifies it with the issuer's public key and refuses a call without one.
Signing and verifying are cached for the life of the token, so they cost nothing per call.
"""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from chassis.clock import epoch_ms
from chassis.errors import Forbidden

TOKEN_SECONDS = 60
"""Longest life of a signed context."""
_REUSE_SECONDS = 30
_CACHE_LIMIT = 10_000


class Level(IntEnum):
    """How far a permission reaches; the greatest of all roles wins."""

    NONE = 0
    OWN = 1
    TEAM = 2
    ALL = 3


_ROLES: dict[str, dict[str, Level]] = {}


def define_roles(roles: Mapping[str, Mapping[str, Level]]) -> None:
    """Install the policy table: role → permission → level. `"*"` stands for every permission."""
    _ROLES.update({role: dict(grants) for role, grants in roles.items()})


def known_roles() -> list[str]:
    """Return the names of all defined roles."""
    return sorted(_ROLES)


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person, a partner's client or a service acting for one.

    Attributes:
        id: The person or client; owner of what it makes.
        roles: Names from the policy table.
        team_path: Path of the team, such as `/cn/east/sales/`; "" when in no team.
        scopes: Limits of an API key (`leads:read`); None means no limit beyond the roles.
        client_id: The API client through which the actor speaks; scope of idempotency keys.
        issuer: Who vouched: `gateway`, or a service that runs a saga.
        locale: `zh` or `en`.
        subject: Record of another service (`lead/<id>`) that its owner let this actor touch.
        subject_customer_id: The customer that the subject belongs to, if any.
    """

    id: str
    roles: tuple[str, ...] = ()
    team_path: str = ""
    scopes: tuple[str, ...] | None = None
    client_id: str = ""
    issuer: str = "gateway"
    locale: str = "en"
    subject: str = ""
    subject_customer_id: str = ""

    def level(self, permission: str) -> Level:
        """Return how far a permission such as `leads:claim` reaches for this actor."""
        levels = (
            max(_ROLES.get(role, {}).get(permission, 0), _ROLES.get(role, {}).get("*", 0))
            for role in self.roles
        )
        return Level(max(levels, default=Level.NONE))

    def check(self, permission: str) -> Level:
        """Return the level of a permission that the actor must have.

        Raises:
            Forbidden: `missing_scope` (the API key lacks it) or `missing_permission`.
        """
        resource, _, action = permission.partition(":")
        if self.scopes is not None and not self._in_scope(resource, action):
            needed = f"{resource}:{'read' if action == 'read' else 'write'}"
            raise Forbidden("missing_scope", scope=needed)
        level = self.level(permission)
        if level is Level.NONE:
            raise Forbidden("missing_permission", permission=permission)
        return level

    def _in_scope(self, resource: str, action: str) -> bool:
        assert self.scopes is not None
        wanted = {f"{resource}:{action}"}
        if action not in ("read", "delete"):
            wanted.add(f"{resource}:write")
        return bool(wanted.intersection(self.scopes)) or "admin:*" in self.scopes


SYSTEM = "system"
"""Id of the actor behind schedules and event handlers."""


def system_actor(service: str) -> Actor:
    """Return the actor of work that nobody asked for: schedules and listeners."""
    return Actor(id=SYSTEM, roles=("system",), issuer=service, client_id=service)


@dataclass
class ActorSigner:
    """Signs contexts as one issuer; thread-safe."""

    issuer: str
    key: OKPKey
    _cache: dict[tuple[Actor, str], tuple[int, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def load(cls, path: Path) -> "ActorSigner":
        """Return the signer of a private JWK file; its `kid` names the issuer."""
        data = json.loads(path.read_text())
        return cls(issuer=data["kid"], key=OKPKey.import_key(data))

    def sign(self, actor: Actor, audience: str) -> str:
        """Return a token for calling one service as the actor, at most 60 s old when used."""
        now = epoch_ms() // 1000
        cached = self._cache.get((actor, audience))
        if cached and now - cached[0] < _REUSE_SECONDS:
            return cached[1]
        claims = {
            "iss": self.issuer,
            "aud": audience,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "sub": actor.id,
            "roles": list(actor.roles),
            "team": actor.team_path,
            "scopes": list(actor.scopes) if actor.scopes is not None else None,
            "client": actor.client_id,
            "locale": actor.locale,
            "subject": actor.subject,
            "customer": actor.subject_customer_id,
        }
        token = jwt.encode(
            {"alg": "Ed25519", "kid": self.issuer}, claims, self.key, algorithms=["Ed25519"]
        )
        with self._lock:
            if len(self._cache) > _CACHE_LIMIT:
                self._cache.clear()
            self._cache[(actor, audience)] = (now, token)
        return token


@dataclass
class ActorVerifier:
    """Verifies contexts for one audience against the public keys of all issuers."""

    audience: str
    keys: KeySet
    _cache: dict[str, tuple[int, Actor]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, audience: str) -> "ActorVerifier":
        """Return the verifier of a JWKS file."""
        return cls(audience=audience, keys=KeySet.import_key_set(json.loads(path.read_text())))

    def verify(self, token: object) -> Actor:
        """Return the actor of a token.

        Raises:
            Forbidden: `actor_missing`, `actor_expired`, `actor_invalid` (forged, other audience,
                unknown issuer, wrong algorithm).
        """
        if not isinstance(token, str) or not token:
            raise Forbidden("actor_missing")
        now = epoch_ms() // 1000
        cached = self._cache.get(token)
        if cached:
            if now > cached[0]:
                raise Forbidden("actor_expired")
            return cached[1]
        claims = self._claims(token)
        if now > claims["exp"]:
            raise Forbidden("actor_expired")
        if claims["exp"] - claims["iat"] > TOKEN_SECONDS or claims["iat"] > now + 5:
            raise Forbidden("actor_invalid")
        actor = Actor(
            id=claims["sub"],
            roles=tuple(claims["roles"]),
            team_path=claims["team"],
            scopes=tuple(claims["scopes"]) if claims["scopes"] is not None else None,
            client_id=claims["client"],
            issuer=claims["iss"],
            locale=claims["locale"],
            subject=claims.get("subject", ""),
            subject_customer_id=claims.get("customer", ""),
        )
        if len(self._cache) > _CACHE_LIMIT:
            self._cache.clear()
        self._cache[token] = (claims["exp"], actor)
        return actor

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            decoded = jwt.decode(token, self.keys, algorithms=["Ed25519"])
            claims = decoded.claims
            sound = (
                claims["aud"] == self.audience
                and claims["iss"] == decoded.header.get("kid")
                and isinstance(claims["exp"], int)
                and isinstance(claims["iat"], int)
                and isinstance(claims["sub"], str)
            )
        except (JoseError, KeyError, TypeError, ValueError):
            sound = False
        if not sound:
            raise Forbidden("actor_invalid")
        return claims


def require_issuer(actor: Actor, callers: Iterable[str]) -> None:
    """Refuse an actor vouched for by somebody who may not call this.

    Raises:
        Forbidden: `caller_not_allowed`.
    """
    if actor.issuer not in tuple(callers):
        raise Forbidden("caller_not_allowed", issuer=actor.issuer)
