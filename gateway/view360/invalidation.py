"""Which events end the freshness of which sections."""

from collections.abc import Mapping
from typing import Any

from gateway.view360.cache import Cache
from gateway.view360.reach import TIMELINE
from schemas.sections import SECTIONS

REPLICA_SECONDS = 5.0
"""How long services may need to copy a person: what they show meanwhile is not kept."""

_REACH_FIELDS = frozenset({"team_path", "roles", "active"})


class Invalidation:
    """Tells the cache what the event exchanges say."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def on_event(self, envelope: Mapping[str, Any]) -> None:
        """Drop what an event touches."""
        source = envelope["source"]
        if source == "gateway":
            changes = envelope["data"].get("changes") or {}
            if envelope["type"] == "person_changed" and _REACH_FIELDS & set(changes):
                # Who sees what has changed, and every service learns of it in its own time.
                self._cache.drop_all(distrust_seconds=REPLICA_SECONDS)
            return
        sections = {*SECTIONS.get(source, ()), TIMELINE}
        for customer_id in self._customers(envelope):
            # Heard first: a timeline read between the two lines knows what it must wait for.
            self._cache.hear(customer_id, envelope["id"])
            self._cache.drop(customer_id, sections)

    def on_lost(self) -> None:
        """Drop everything: events may have been missed."""
        self._cache.drop_all()

    def _customers(self, envelope: Mapping[str, Any]) -> set[str]:
        data = envelope["data"]
        changes = data.get("changes") or {}
        found = {envelope.get("customerid"), *(changes.get("customer_id") or ())}
        # A contact may belong to several customers, or leave one; the envelope names the first.
        for memberships in (data["after"].get("customers"), *(changes.get("customers") or ())):
            found.update(
                membership.get("customer_id")
                for membership in memberships or ()
                if isinstance(membership, Mapping)
            )
        if envelope.get("leadid"):
            found.add(self._cache.customer_of_lead(envelope["leadid"]))
        return {customer_id for customer_id in found if isinstance(customer_id, str)}
