"""How a domain event becomes a message: the catalogue of a publisher and the envelope.

A domain event is a frozen dataclass named object + past participle (`LeadClaimed`) with `before`
and `after`, the aggregate's two states; `before` is None for a creation. The catalogue says with
which schema the public view of the aggregate is dumped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from chassis.ids import new_id

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Dumps(Protocol):
    """A marshmallow schema, as far as this module needs one."""

    def dump(self, obj: Any) -> Any:
        """Return the JSON-ready form of an object."""


class DomainEvent(Protocol):
    """What the domain returns: which aggregate changed, from what to what."""

    @property
    def before(self) -> Any:
        """Return the state before, None for a creation."""

    @property
    def after(self) -> Any:
        """Return the state after."""


@dataclass(frozen=True)
class EventType:
    """One entry of a publisher's catalogue.

    Attributes:
        schema: Schema instance that dumps the aggregate's public view.
        subject: Singular resource name; the envelope's subject is `<subject>/<id>`.
        customer_id, lead_id: Fields of the public view that carry these ids, if any.
    """

    schema: Dumps
    subject: str
    customer_id: str | None = None
    lead_id: str | None = None
    version: int = 1


def type_name(event: object) -> str:
    """Return the event type of a domain event: `LeadClaimed` → `lead_claimed`."""
    return _WORD.sub("_", type(event).__name__).lower()


@dataclass(frozen=True)
class EventCatalogue:
    """All events that one service publishes."""

    source: str
    types: Mapping[str, EventType]

    def envelope(
        self, event: DomainEvent, *, now: str, actor: str, correlation: str, causation: str
    ) -> dict[str, Any]:
        """Return the structured CloudEvents form of a domain event.

        The changes of a creation are empty: `after` says it all, and half the bytes.
        """
        name = type_name(event)
        entry = self.types[name]
        after = entry.schema.dump(event.after)
        before = entry.schema.dump(event.before) if event.before is not None else None
        changes = (
            {
                key: [before.get(key), value]
                for key, value in after.items()
                if before.get(key) != value
            }
            if before is not None
            else {}
        )
        envelope = {
            "specversion": "1.0",
            "id": new_id(),
            "source": self.source,
            "type": name,
            "time": now,
            "subject": f"{entry.subject}/{event.after.id}",
            "dataschema": f"/schemas/{name}/{entry.version}",
            "datacontenttype": "application/json",
            "version": event.after.version,
            "actor": actor,
            "correlationid": correlation,
            "causationid": causation,
            "data": {"changes": changes, "after": after},
        }
        for attribute, field in (("customerid", entry.customer_id), ("leadid", entry.lead_id)):
            if field and after.get(field):
                envelope[attribute] = after[field]
        return envelope
