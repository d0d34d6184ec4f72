"""The event log: every event once, numbered without gaps in the order in which it arrived.

The row of the global counter is locked by the statement that raises it, until the commit: writers
take turns, so numbers follow commits and a roll back leaves no gap. Everything goes in by arrays,
a statement per table and batch.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from chassis.db import Tx

_GLOBAL = text("""
    insert into log_counters as c (scope, value) values ('', :count)
    on conflict (scope) do update set value = c.value + excluded.value
    returning c.value
""")
_CUSTOMERS = text("""
    insert into log_counters as c (scope, value)
    select * from unnest(cast(:scopes as text[]), cast(:counts as bigint[]))
    on conflict (scope) do update set value = c.value + excluded.value
    returning c.scope, c.value
""")
_EVENTS = text("""
    insert into event_log (
        seq, customer_seq, event_id, source, type, time, subject, customer_id, lead_id,
        version, actor, owner_id, correlation_id, causation_id, body, received_at
    )
    select seq, customer_seq, event_id, source, type, time, subject, customer_id, lead_id,
        version, actor, owner_id, correlation_id, causation_id, cast(body as jsonb), :now
    from unnest(
        cast(:seq as bigint[]), cast(:customer_seq as bigint[]), cast(:event_id as uuid[]),
        cast(:source as text[]), cast(:type as text[]), cast(:time as timestamptz[]),
        cast(:subject as text[]), cast(:customer_id as text[]), cast(:lead_id as text[]),
        cast(:version as int[]), cast(:actor as text[]), cast(:owner_id as text[]),
        cast(:correlation_id as text[]), cast(:causation_id as text[]), cast(:body as text[])
    ) as e (
        seq, customer_seq, event_id, source, type, time, subject, customer_id, lead_id,
        version, actor, owner_id, correlation_id, causation_id, body
    )
""")
_SUBJECTS = text("""
    insert into log_subjects as s (subject, version, owner_id)
    select * from unnest(
        cast(:subjects as text[]), cast(:versions as int[]), cast(:owners as text[])
    )
    on conflict (subject) do update set version = excluded.version, owner_id = excluded.owner_id
    where s.version < excluded.version
""")
_CONVERTED = text("""
    insert into converted_leads (lead_id, customer_id)
    select * from unnest(cast(:leads as text[]), cast(:customers as text[]))
    on conflict (lead_id) do update set customer_id = excluded.customer_id
""")


@dataclass(frozen=True)
class Entry:
    """One event as it is logged; `body` is the JSON of its data."""

    event_id: str
    source: str
    type: str
    time: str
    subject: str
    customer_id: str | None
    lead_id: str | None
    version: int
    actor: str
    owner_id: str | None
    correlation_id: str
    causation_id: str
    body: str


def append(tx: Tx, entries: list[Entry]) -> int:
    """Log entries in order; returns the number of the last one."""
    last = int(tx.value(_GLOBAL, count=len(entries)))
    customer_seq = _number_customers(tx, entries)
    columns: dict[str, list[Any]] = {
        name: [getattr(entry, name) for entry in entries] for name in Entry.__dataclass_fields__
    }
    columns["seq"] = list(range(last - len(entries) + 1, last + 1))
    columns["customer_seq"] = customer_seq
    tx.execute(_EVENTS, {**columns, "now": tx.now})
    _keep_owners(tx, entries)
    return last


def _number_customers(tx: Tx, entries: list[Entry]) -> list[int | None]:
    counts = Counter(entry.customer_id for entry in entries if entry.customer_id)
    if not counts:
        return [None] * len(entries)
    rows = tx.rows(_CUSTOMERS, scopes=list(counts), counts=list(counts.values()))
    used = {row.scope: row.value - counts[row.scope] for row in rows}
    numbers: list[int | None] = []
    for entry in entries:
        if entry.customer_id:
            used[entry.customer_id] += 1
        numbers.append(used[entry.customer_id] if entry.customer_id else None)
    return numbers


def _keep_owners(tx: Tx, entries: list[Entry]) -> None:
    newest: dict[str, Entry] = {}
    for entry in entries:
        known = newest.get(entry.subject)
        if known is None or known.version < entry.version:
            newest[entry.subject] = entry
    tx.execute(
        _SUBJECTS,
        {
            "subjects": list(newest),
            "versions": [entry.version for entry in newest.values()],
            "owners": [entry.owner_id for entry in newest.values()],
        },
    )


def link_leads(tx: Tx, links: Iterable[tuple[str, str]]) -> None:
    """Remember which customer a lead became: (lead, customer) each."""
    found = dict(links)
    if found:
        tx.execute(_CONVERTED, {"leads": list(found), "customers": list(found.values())})
