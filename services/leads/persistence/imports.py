"""Imported rows in bulk: verdicts, duplicates and inserts, each in one statement per chunk."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, bindparam, delete, func, or_, select, text
from sqlalchemy.dialects.postgresql.base import PGDialect

from chassis import wire_json
from chassis.db import Tx
from services.leads.domain.imports import Draft, Earlier, Key, Verdict
from services.leads.domain.lead import Lead
from services.leads.persistence.leads import RECORDS, may_see
from services.leads.persistence.tables import IMPORT_KEYS, IMPORT_ROWS, LEADS

_DIALECT = PGDialect()  # type: ignore[no-untyped-call]
_NAMES = ", ".join(column.name for column in LEADS.columns)
_VALUES = _NAMES.replace("grams", "string_to_array(grams, ' ')")
_TYPED = ", ".join(
    f"{column.name} {'text' if column.name == 'grams' else column.type.compile(_DIALECT)}"
    for column in LEADS.columns
)

# One parameter, unpacked by the database: many times cheaper than one parameter per value. Grams
# hold no spaces, and one text is unpacked faster than a list.
_ADD = text(  # Only names of columns are put into the statement.
    f"insert into leads ({_NAMES}) select {_VALUES}"  # noqa: S608
    f" from json_to_recordset(cast(:rows as json)) as listed ({_TYPED})"
    " on conflict (source_system, external_id) where external_id is not null do nothing"
    " returning cast(id as text) as id"
)
_KEEP = text(
    "insert into import_rows (job_id, dry_run, row, verdict, created_at)"
    " select cast(:job_id as uuid), :dry_run, (item ->> 'row')::integer, item, :now"
    " from jsonb_array_elements(cast(:verdicts as jsonb)) as item"
)
_KEEP_KEYS = text(
    "insert into import_keys (job_id, dry_run, key, row, lead_id, created_at)"
    " select cast(:job_id as uuid), :dry_run, listed.key, listed.row, listed.lead_id, :now"
    " from unnest(cast(:keys as uuid[]), cast(:rows as integer[]), cast(:lead_ids as uuid[]))"
    " as listed (key, row, lead_id)"
    " on conflict (job_id, dry_run, key) do nothing"
)
_FIND_KEYS = text(
    "select cast(key as text) as key, row, cast(lead_id as text) as lead_id from import_keys"
    " where job_id = cast(:job_id as uuid) and dry_run = :dry_run"
    " and key = any(cast(:keys as uuid[]))"
)


@dataclass(frozen=True)
class Run:
    """One passage of a file: dry, or for good; the two never see each other's rows."""

    job_id: str
    dry_run: bool


@dataclass(frozen=True)
class Twin:
    """An existing lead that may be the same as a row."""

    lead_id: str
    title: str
    phone_e164: str | None
    email_key: str | None
    chat_id: str | None
    source_system: str | None
    external_id: str | None
    visible: bool


def lock_imports(tx: Tx, run: Run) -> None:
    """Wait until no other chunk looks for duplicates.

    A dry run waits for the chunks of its own job; a real one for all, since two files may hold
    the same rows.
    """
    name = f"lead_import {run.job_id}" if run.dry_run else "lead_import"
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def find_verdicts(tx: Tx, run: Run, rows: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the verdicts that rows of a job have already."""
    found = tx.rows(
        select(IMPORT_ROWS.c.row, IMPORT_ROWS.c.verdict).where(
            IMPORT_ROWS.c.job_id == run.job_id,
            IMPORT_ROWS.c.dry_run == run.dry_run,
            IMPORT_ROWS.c.row.in_(list(rows)),
        )
    )
    return {row.row: row.verdict for row in found}


def _mark(key: Key) -> str:
    """Return a key as a number of fixed size: values may be long, and only equality counts."""
    digest = hashlib.blake2b("\0".join(key).encode(), digest_size=16).digest()
    return str(UUID(bytes=digest))


def find_earlier(tx: Tx, run: Run, drafts: Sequence[Draft]) -> dict[Key, Earlier]:
    """Return those keys of rows that an earlier chunk of the same run has created."""
    marks = {_mark(key): key for draft in drafts for key in draft.keys}
    found = tx.rows(_FIND_KEYS, job_id=run.job_id, dry_run=run.dry_run, keys=list(marks))
    return {marks[row.key]: Earlier(row.row, row.lead_id) for row in found}


def keep_keys(tx: Tx, run: Run, drafts: Sequence[Draft], verdicts: Sequence[Verdict]) -> None:
    """Store the keys of created rows for the chunks to come."""
    listed = [
        (_mark(key), verdict.row, verdict.lead_id)
        for draft, verdict in zip(drafts, verdicts, strict=True)
        if verdict.verdict == "created"
        for key in draft.keys
    ]
    if listed:
        keys, rows, lead_ids = (list(column) for column in zip(*listed, strict=True))
        given = {"keys": keys, "rows": rows, "lead_ids": lead_ids}
        tx.execute(
            _KEEP_KEYS, {"job_id": run.job_id, "dry_run": run.dry_run, "now": tx.now, **given}
        )


def delete_trials(tx: Tx, before: datetime) -> None:
    """Delete old dry runs and the keys of old files."""
    rows, keys = IMPORT_ROWS.c, IMPORT_KEYS.c
    tx.execute(delete(IMPORT_ROWS).where(rows.dry_run, rows.created_at < before))
    tx.execute(delete(IMPORT_KEYS).where(keys.created_at < before))


def keep_verdicts(tx: Tx, run: Run, verdicts: Sequence[dict[str, Any]]) -> None:
    """Store verdicts as they are answered."""
    if verdicts:
        tx.execute(
            _KEEP,
            {
                "job_id": run.job_id,
                "dry_run": run.dry_run,
                "now": tx.now,
                "verdicts": wire_json.dumps_text(list(verdicts)),
            },
        )


_FIELDS = (
    LEADS.c.id,
    LEADS.c.title,
    LEADS.c.phone_e164,
    LEADS.c.email_key,
    LEADS.c.chat_id,
    LEADS.c.source_system,
    LEADS.c.external_id,
)


def _listed(name: str) -> Any:
    return any_(bindparam(name, type_=ARRAY(Text)))


def find_twins(
    tx: Tx,
    *,
    phones: Iterable[str],
    emails: Iterable[str],
    chats: Iterable[str],
    references: Iterable[str],
) -> list[Twin]:
    """Return the leads that share a way of contact or an external id with rows of a file."""
    contacts = {"phones": list(phones), "emails": list(emails), "chats": list(chats)}
    external = {"references": list(references)}
    fields = (*_FIELDS, may_see(tx).label("visible"))
    rows = []
    if any(contacts.values()):
        same = or_(
            LEADS.c.phone_e164 == _listed("phones"),
            LEADS.c.email_key == _listed("emails"),
            LEADS.c.chat_id == _listed("chats"),
        )
        rows += tx.rows(select(*fields).where(same), **contacts)
    if external["references"]:
        rows += tx.rows(
            select(*fields).where(LEADS.c.external_id == _listed("references")),
            **external,
        )
    return [Twin(*row) for row in rows]


def add_leads(tx: Tx, leads: Sequence[Lead]) -> set[str]:
    """Insert leads in one statement; returns the ids of those whose external id was free."""
    if not leads:
        return set()
    rows = []
    for lead in leads:
        values = RECORDS.values(lead)
        values["grams"] = " ".join(values["grams"])
        rows.append({name: value for name, value in values.items() if value is not None})
    return {row.id for row in tx.execute(_ADD, {"rows": wire_json.dumps_text(rows)})}
