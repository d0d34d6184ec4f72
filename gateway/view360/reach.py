"""How far an actor sees, section by section; decided before the cache is asked, not after."""

from dataclasses import dataclass
from functools import lru_cache

from chassis.actor import Actor, Level
from gateway.timeline import may_read, readable_kinds
from schemas.sections import SECTIONS

PERMISSIONS = {
    "profile": "customers:read",
    "contacts": "contacts:read",
    "activities": "activities:read",
    "leads": "leads:read",
    "opportunities": "opportunities:read",
    "contracts": "contracts:read",
    "receivables": "receivables:read",
    "receipts": "receipts:read",
    "refunds": "refunds:read",
}
"""Section → what it takes to see any of it; the timeline asks per kind of record."""

TIMELINE = "timeline"
PROFILE = "profile"
ORDER = tuple(name for names in SECTIONS.values() for name in names)
"""All sections, in the order of the answer."""

SERVICE_OF = {name: service for service, names in SECTIONS.items() for name in names}


@dataclass(frozen=True)
class Reach:
    """What an actor may see of the sections.

    Attributes:
        scopes: Section → who else sees the same rows: "" is everybody with the permission, else a
            team or one person. A section that is not in it is hidden.
        key: The same, as a part of cache keys.
    """

    scopes: dict[str, str]
    key: str

    def hidden(self, section: str) -> bool:
        """Return whether the actor may see nothing of a section."""
        return section not in self.scopes


@lru_cache(maxsize=4096)
def reach_of(actor: Actor) -> Reach:
    """Return what an actor may see; the customer itself is checked by its owner."""
    scopes = {
        section: _scope(actor, permission)
        for section, permission in PERMISSIONS.items()
        if may_read(actor, permission)
    }
    kinds = readable_kinds(actor)
    if kinds:
        levels = ",".join(f"{kind}={_scope(actor, kinds[kind])}" for kind in sorted(kinds))
        scopes[TIMELINE] = levels
    return Reach(scopes, ";".join(f"{name}={scopes[name]}" for name in sorted(scopes)))


def _scope(actor: Actor, permission: str) -> str:
    level = actor.level(permission)
    if level is Level.ALL:
        return ""
    if level is Level.TEAM and actor.team_path:
        return f"team {actor.team_path}"
    return f"person {actor.id}"
