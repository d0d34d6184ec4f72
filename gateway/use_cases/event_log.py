"""The event log: every event of every service, once, for ever."""

from collections.abc import Iterable, Mapping
from typing import Any

from chassis import clock, wire_json
from chassis.db import Tx
from chassis.entrypoints import on_event
from gateway.persistence import event_log
from gateway.persistence.event_log import Entry

_INT_MAX = 2**31 - 1


class EventLog:
    """Takes every event, in order of arrival, and never skips one."""

    @on_event("*", "*", many=True)
    def on_any_event(self, tx: Tx, envelopes: list[Mapping[str, Any]]) -> None:
        """Log a batch of events."""
        now = wire_json.instant(tx.now)
        event_log.append(tx, [_entry(envelope, now) for envelope in envelopes])
        event_log.link_leads(tx, _conversions(envelopes))


def _entry(envelope: Mapping[str, Any], now: str) -> Entry:
    body = wire_json.dumps(envelope["data"])
    if b"\\u0000" in body or "\0" in envelope["subject"]:
        # PostgreSQL has no such character: an odd message must not stop the log for ever.
        envelope = _without_nul(envelope)
        body = wire_json.dumps(envelope["data"])
    after = envelope["data"]["after"]
    subject = envelope["subject"]
    lead_id = envelope.get("leadid") or None
    if lead_id is None and subject.startswith("lead/"):
        lead_id = subject.removeprefix("lead/")
    # A person is its own owner, so that everybody may see what happened to oneself.
    owner = after.get("id") if subject.startswith("person/") else after.get("owner_id")
    return Entry(
        event_id=envelope["id"],
        source=envelope["source"],
        type=envelope["type"],
        time=envelope["time"] if clock.parse_instant(envelope["time"]) else now,
        subject=subject,
        customer_id=_text(envelope.get("customerid")),
        lead_id=_text(lead_id),
        version=max(min(envelope["version"], _INT_MAX), 0),
        actor=_text(envelope.get("actor")) or "",
        owner_id=_text(owner),
        correlation_id=_text(envelope.get("correlationid")) or "",
        causation_id=_text(envelope.get("causationid")) or "",
        body=body,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, Mapping):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    return value


def _conversions(envelopes: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
    for envelope in envelopes:
        if envelope["source"] == "leads" and envelope["type"] == "lead_converted":
            customer = _text(envelope["data"]["after"].get("customer_id"))
            if customer:
                yield envelope["subject"].removeprefix("lead/"), customer
