"""Import: many leads from a file, chunk by chunk, one verdict per row."""

from collections.abc import Container, Iterable, Sequence
from datetime import timedelta
from typing import Any

from chassis.db import Tx
from chassis.entrypoints import command, every
from chassis.grams import fold
from chassis.ids import new_id
from schemas.leads import ImportRows, read_row
from services.leads.domain import imports, intake
from services.leads.domain.imports import Draft, Key, Known, Verdict
from services.leads.domain.lead import Lead, LeadCreated
from services.leads.persistence import imports as stored
from services.leads.persistence import leads
from services.leads.use_cases.intake import with_phone
from services.leads.use_cases.placement import place

KEEP_TRIALS = timedelta(days=7)
"""How long dry runs and the keys of a file are kept; its job has ended long before."""

_METHODS = frozenset(f"#/{name}" for name in intake.CONTACT_METHODS)
_NAMES = frozenset(f"#/{name}" for name in intake.NAMES)


class Imports:
    """Leads from files."""

    @command(request=ImportRows, reply=None, allow="leads:import")
    def import_rows(
        self,
        tx: Tx,
        job_id: str,
        rows: list[tuple[int, dict[str, Any]]],
        chunk: int = 0,
        dry_run: bool = False,
        pool_id: str | None = None,
        owner_id: str | None = None,
    ) -> dict[str, Any]:
        """Make leads of the rows that are some and are new; a repeated row keeps its verdict.

        A wrong row does not stop the others. A dry run makes no lead and gives no ids of its own,
        but remembers its rows, so that it finds what a file repeats as the real run will.

        Raises:
            Invalid: `owner_or_pool`, `unknown_person`.
            NotFound: `not_found` for the pool.
            Forbidden: `not_permitted` to give leads to this owner.
            Refused: `owner_at_capacity`: the whole chunk, if its leads would exceed the limit.
        """
        sender = f"file:{tx.actor.id}"
        drafts = [draft(row, lead, sender) for row, lead in rows]
        run = stored.Run(job_id, dry_run)
        stored.lock_imports(tx, run)
        answered = stored.find_verdicts(tx, run, (item.row for item in drafts))
        fresh = [item for item in drafts if item.row not in answered]
        verdicts = _judge(tx, run, fresh) if fresh else []
        wanted = sum(verdict.verdict == "created" for verdict in verdicts)
        if wanted and not dry_run:
            owner_id, pool_id = place(tx, owner_id=owner_id, pool_id=pool_id, wanted=wanted)
            _create(tx, fresh, verdicts, owner_id, pool_id)
        answers = {verdict.row: verdict.answer() for verdict in verdicts}
        stored.keep_verdicts(tx, run, list(answers.values()))
        stored.keep_keys(tx, run, fresh, verdicts)
        return {"verdicts": [answered.get(row) or answers[row] for row, _ in rows]}

    @every(3600)
    def purge_trials(self, tx: Tx) -> None:
        """Delete dry runs and keys whose time is over; verdicts on leads stay for ever."""
        stored.delete_trials(tx, tx.now - KEEP_TRIALS)


def draft(row: int, values: dict[str, Any], sender: str) -> Draft:
    """Return a row as it was read, with what it is recognised by.

    Args:
        sender: Stands for the system of an external id where the file names none.
    """
    facts, errors = read_row(values)
    if facts.get("external_id"):
        facts.setdefault("source_system", sender)
    facts = with_phone(facts)
    wrong = {error["pointer"] for error in errors}
    for missing in intake.missing(facts):
        # What was given but malformed is not also missing.
        group = _METHODS if missing["code"] == "contact_method_required" else _NAMES
        if not wrong & (group if missing["code"] != "required" else {missing["pointer"]}):
            errors.append(missing)
    return Draft(row, facts, errors, () if errors else _keys(facts))


def _keys(facts: dict[str, Any]) -> list[Key]:
    """Return by what a lead is the same as another: external id, else contact and name."""
    name = fold(facts.get("company") or facts.get("name") or "")
    keys: list[Key] = []
    if facts.get("external_id"):
        keys.append(("external_id", facts["source_system"], facts["external_id"]))
    if facts.get("phone_e164"):
        keys.append(("phone", facts["phone_e164"], name))
    if facts.get("email"):
        keys.append(("email", facts["email"].casefold(), name))
    if facts.get("chat_id"):
        keys.append(("chat_id", facts["chat_id"], name))
    return keys


def _judge(tx: Tx, run: stored.Run, drafts: Sequence[Draft]) -> list[Verdict]:
    """Return verdicts against the leads there are and the earlier chunks of the file."""
    earlier = stored.find_earlier(tx, run, drafts)
    own = {row.lead_id for row in earlier.values()}
    return imports.judge(drafts, _known(tx, drafts, own), earlier)


def _known(tx: Tx, drafts: Sequence[Draft], own: Container[str | None]) -> dict[Key, Known]:
    """Return the keys of the leads that could be the same as some row.

    Args:
        own: Leads of the same file; what repeats them is told by its row, as in a dry run.
    """

    def values(kind: str, place: int = 1) -> Iterable[str]:
        return {key[place] for item in drafts for key in item.keys if key[0] == kind}

    known: dict[Key, Known] = {}
    for twin in stored.find_twins(
        tx,
        phones=values("phone"),
        emails=values("email"),
        chats=values("chat_id"),
        references=values("external_id", 2),
    ):
        if twin.lead_id in own:
            continue
        lead, name = Known(twin.lead_id if twin.visible else None), fold(twin.title)
        if twin.external_id and twin.source_system:
            known[("external_id", twin.source_system, twin.external_id)] = lead
        if twin.phone_e164:
            known[("phone", twin.phone_e164, name)] = lead
        if twin.email_key:
            known[("email", twin.email_key, name)] = lead
        if twin.chat_id:
            known[("chat_id", twin.chat_id, name)] = lead
    return known


def _create(
    tx: Tx,
    drafts: Sequence[Draft],
    verdicts: Sequence[Verdict],
    owner_id: str | None,
    pool_id: str | None,
) -> None:
    """Insert the leads of created rows and write their ids into the verdicts."""
    made: dict[int, tuple[Lead, LeadCreated]] = {}
    for item, verdict in zip(drafts, verdicts, strict=True):
        if verdict.verdict == "created":
            made[item.row] = intake.create(
                item.facts,
                id=new_id(),
                owner_id=owner_id,
                pool_id=pool_id,
                by=tx.actor.id,
                now=tx.now,
            )
    added = stored.add_leads(tx, [lead for lead, _ in made.values()])
    for verdict in verdicts:
        origin = made.get(verdict.row if verdict.of_row is None else verdict.of_row)
        if origin is None:
            continue
        lead = origin[0]
        if lead.id in added:
            verdict.lead_id = lead.id
        elif lead.source_system and lead.external_id:
            # Somebody took the external id between our look and our insert.
            taken = leads.find_external(tx, lead.source_system, lead.external_id)
            verdict.verdict, verdict.matched = "duplicate", "external_id"
            verdict.lead_id = taken[0].id if taken and taken[2] else None
    tx.publish(*(event for lead, event in made.values() if lead.id in added))
