"""Rows of the gateway's database: people, and the event log of all that the records tell."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from chassis import wire_json
from omnibus.sample.bulk.records import MANAGERS, REPS, Bulk, Row, identity
from omnibus.sample.bulk.tables import Filling, people

_NOT_PUBLIC = ("currency", "lines", "amount_amount", "total_amount", "budget_amount")
_MONEY = {"amount_amount": "amount", "total_amount": "total", "budget_amount": "budget"}


class Log:
    """The event log, with the numbers that follow those already given."""

    def __init__(self, bulk: Bulk, last: int) -> None:
        self._bulk = bulk
        self._last = last

    def fillings(self) -> list[Filling]:
        """Return the tables of the gateway."""
        return [
            people(self._bulk),
            Filling("persons", self._persons),
            Filling("event_log", self._events),
            Filling("log_subjects", self._subjects),
            Filling("log_counters", self._counters),
            Filling("converted_leads", self._converted),
        ]

    def count(self) -> int:
        """Return how many events there are."""
        return sum(1 for _ in self._happened())

    def _persons(self) -> Iterator[Row]:
        return (self._bulk.person(n) for n in range(REPS + MANAGERS))

    def _happened(self) -> Iterator[tuple[str, str, str, int, str | None]]:
        """Yield source, type, kind of record, its number and its customer, in order."""
        bulk, counts = self._bulk, self._bulk.counts
        of = counts.customers
        for n in range(counts.leads):
            yield "leads", "lead_created", "lead", n, None
            if n < counts.converted:
                yield "leads", "lead_converted", "lead", n, identity("customer", n)
        for kind, source, happened, count in (
            ("customer", "customers", ("customer_created",), of),
            ("contact", "customers", ("contact_created",), counts.contacts),
            ("activity", "customers", ("follow_up_recorded",), counts.activities),
            ("deal", "deals", ("opportunity_created",), counts.deals),
            ("contract", "deals", ("contract_created", "contract_approved"), counts.contracts),
        ):
            for n in range(count):
                for event in happened:
                    yield source, event, kind, n, identity("customer", n % of)
        for n in range(counts.contracts * 3):
            customer = identity("customer", n // 3 % of)
            yield "finance", "receivable_created", "receivable", n, customer
            if bulk.paid(n):
                yield "finance", "receipt_recorded", "receipt", n, customer

    def _events(self) -> Iterator[Row]:
        seen: Counter[str] = Counter()
        bodies: tuple[str, int, str, Row] | None = None
        for number, (source, event, kind, n, customer) in enumerate(self._happened(), 1):
            if bodies is None or bodies[:2] != (kind, n):
                record: Row = getattr(self._bulk, kind)(n)
                bodies = (kind, n, wire_json.dumps(_data(record)).decode(), record)
            _, _, body, record = bodies
            if customer:
                seen[customer] += 1
            yield {
                "seq": self._last + number,
                "customer_seq": seen[customer] if customer else None,
                "event_id": identity("event", number),
                "source": source,
                "type": event,
                "time": record["updated_at"],
                "subject": _subject(kind, record["id"]),
                "customer_id": customer,
                "lead_id": record["id"] if kind == "lead" else record.get("lead_id"),
                "version": record["version"],
                "actor": record["created_by"],
                "owner_id": record.get("owner_id"),
                "correlation_id": record["id"],
                "causation_id": record["id"],
                "body": body,
            }

    def _subjects(self) -> Iterator[Row]:
        done: tuple[str, int] | None = None
        for _, _, kind, n, _ in self._happened():
            if done == (kind, n):
                continue
            done = (kind, n)
            record: Row = getattr(self._bulk, kind)(n)
            yield {
                "subject": _subject(kind, record["id"]),
                "version": record["version"],
                "owner_id": record.get("owner_id"),
            }

    def _counters(self) -> Iterator[Row]:
        seen = Counter(customer for *_, customer in self._happened() if customer)
        for customer, value in seen.items():
            yield {"scope": customer, "value": value}

    def _converted(self) -> Iterator[Row]:
        for n in range(self._bulk.counts.converted):
            yield {"lead_id": identity("lead", n), "customer_id": identity("customer", n)}


def _subject(kind: str, record_id: str) -> str:
    return f"{'opportunity' if kind == 'deal' else kind}/{record_id}"


def _data(record: Row) -> dict[str, Any]:
    """Return what an event of the record carries, near enough in form and size."""
    after = {
        name: _json(value)
        for name, value in record.items()
        if not name.startswith("_") and name not in _NOT_PUBLIC
    }
    for column, name in _MONEY.items():
        if record.get(column) is not None:
            after[name] = {"amount": f"{record[column]:.2f}", "currency": record["currency"]}
    return {"changes": {}, "after": after}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return wire_json.instant(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
