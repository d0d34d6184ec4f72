"""The event log: every event once, numbered without gaps in the order in which it arrived.

The row of the global counter is locked by the statement that raises it, until the commit: writers
take turns, so numbers follow commits and a roll back leaves no gap. A batch goes in as one JSON
document per table: arrays cost Python three times as much, rows one by one ten times.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from sqlalchemy import text

from chassis import wire_json
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
    select e.*, :now from json_to_recordset(cast(:entries as json)) as e (
        seq bigint, customer_seq bigint, event_id uuid, source text, type text,
        time timestamptz, subject text, customer_id text, lead_id text, version int,
        actor text, owner_id text, correlation_id text, causation_id text, body jsonb
    )
""")
_SUBJECTS = text("""
    insert into log_subjects as s (subject, version, owner_id)
    select e.* from json_to_recordset(cast(:entries as json))
        as e (subject text, version int, owner_id text)
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
    body: bytes


def append(tx: Tx, entries: list[Entry]) -> int:
    """Log entries in order; returns the number of the last one."""
    last = int(tx.value(_GLOBAL, count=len(entries)))
    first = last - len(entries) + 1
    numbers = _number_customers(tx, entries)
    rows = [
        {
            **vars(entry),
            "body": orjson.Fragment(entry.body),
            "seq": first + i,
            "customer_seq": n,
        }
        for i, (entry, n) in enumerate(zip(entries, numbers, strict=True))
    ]
    tx.execute(_EVENTS, {"entries": wire_json.dumps_text(rows), "now": tx.now})
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
    rows = [
        {"subject": entry.subject, "version": entry.version, "owner_id": entry.owner_id}
        for entry in newest.values()
    ]
    tx.execute(_SUBJECTS, {"entries": wire_json.dumps_text(rows)})


def link_leads(tx: Tx, links: Iterable[tuple[str, str]]) -> None:
    """Remember which customer a lead became: (lead, customer) each."""
    found = dict(links)
    if found:
        tx.execute(_CONVERTED, {"leads": list(found), "customers": list(found.values())})
