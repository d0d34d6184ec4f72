"""Intake: leads come in, are read and corrected."""

from typing import Any

import schemas.leads as schemas
from chassis.db import Tx
from chassis.entrypoints import command, query
from chassis.errors import Conflict, Forbidden
from chassis.idempotency import fingerprint
from chassis.ids import new_id
from chassis.phones import e164
from chassis.validation import ById, ListQuery
from services.leads.domain import intake
from services.leads.domain.lead import Lead
from services.leads.persistence import leads
from services.leads.use_cases.placement import place

_REQUEST = schemas.CreateLead()


class Intake:
    """Leads on their way in, one by one, and what is known about them."""

    @command(request=schemas.CreateLead, reply=schemas.Lead, allow="leads:create")
    def create_lead(
        self,
        tx: Tx,
        *,
        owner_id: str | None = None,
        pool_id: str | None = None,
        **facts: Any,
    ) -> Lead:
        """Record a lead; the same external id and body again returns the first one.

        Raises:
            Invalid: `name_required`, `contact_method_required`, `required`; `owner_or_pool`,
                `unknown_person`.
            NotFound: `not_found` for the pool.
            Forbidden: `not_permitted` to give leads to this owner.
            Conflict: `external_id_conflict` if the body differs.
            Refused: `owner_at_capacity`.
        """
        facts = with_phone(facts)
        mark = _mark(facts, owner_id, pool_id) if facts.get("external_id") else None
        if mark and not intake.missing(facts):
            known = _find_external(tx, facts, mark)
            if known:
                return known
        owner_id, pool_id = place(tx, owner_id=owner_id, pool_id=pool_id)
        lead, created = intake.create(
            facts,
            id=new_id(),
            owner_id=owner_id,
            pool_id=pool_id,
            by=tx.actor.id,
            now=tx.now,
        )
        if mark is None:
            leads.RECORDS.add(tx, lead)
        elif not leads.add_external(tx, lead, mark):
            first = _find_external(tx, facts, mark)
            if first is None:
                raise Conflict("external_id_conflict")
            return first
        tx.publish(created)
        return lead

    @command(request=schemas.UpdateLead, reply=schemas.Lead, allow="leads:update")
    def update_lead(
        self, tx: Tx, id: str, expected_version: int | None = None, **changes: Any
    ) -> Lead:
        """Replace some facts of a lead; None clears one.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `lead_closed`, `lead_in_conversion`.
            Invalid: `name_required`, `contact_method_required`.
        """
        lead, permitted = leads.lock(tx, id, "leads:update")
        if not permitted:
            raise Forbidden("not_permitted", permission="leads:update")
        lead.expect(expected_version)
        after, updated = intake.update(lead, with_phone(changes), by=tx.actor.id, now=tx.now)
        if updated:
            leads.RECORDS.save(tx, after)
            tx.publish(updated)
        return after

    @query(request=ById, reply=schemas.Lead, allow="leads:read")
    def get_lead(self, tx: Tx, id: str) -> Lead:
        """Return one lead.

        Raises:
            NotFound: `not_found`.
        """
        return leads.read(tx, id)

    @query(request=ListQuery, reply=None, allow="leads:read")
    def list_leads(self, tx: Tx, **wanted: Any) -> dict[str, Any]:
        """Return one page of the leads that the actor sees.

        Raises:
            Invalid: `invalid_request` with every wrong parameter, `cursor_mismatch`.
        """
        page = leads.page(tx, wanted)
        return page.dump([schemas.VIEW.dump(lead) for lead in page.items])

    @query(request=schemas.AuthorizeSubject, reply=schemas.SubjectAuthorization, allow=None)
    def authorize_subject(
        self, tx: Tx, id: str, permission: str = "activities:read"
    ) -> dict[str, Any]:
        """Say for another service that the actor may do something to a lead.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`: it is seen, in a pool for example, but not to be touched.
        """
        lead, permitted = leads.check(tx, id, permission)
        if not permitted and not permission.endswith(":read"):
            raise Forbidden("not_permitted", permission=permission)
        return {"subject": f"lead/{lead.id}", "customer_id": lead.customer_id}


def with_phone(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts with the phone in comparable form beside the one that was typed."""
    if "phone" not in facts:
        return facts
    phone = facts["phone"]
    return {**facts, "phone_e164": e164(phone) if phone else None}


def _mark(facts: dict[str, Any], owner_id: str | None, pool_id: str | None) -> str:
    """Return the fingerprint of a request, blind to how absence is written."""
    body = _REQUEST.dump({**facts, "owner_id": owner_id, "pool_id": pool_id})
    return fingerprint({name: value for name, value in body.items() if value is not None})


def _find_external(tx: Tx, facts: dict[str, Any], mark: str) -> Lead | None:
    """Return the lead that an equal request made, or None if the external id is free."""
    found = leads.find_external(tx, facts["source_system"], facts["external_id"])
    if found is None:
        return None
    lead, first_mark, seen = found
    if not seen:
        raise Conflict("external_id_conflict")
    if first_mark != mark:
        raise Conflict("external_id_conflict", lead_id=lead.id)
    return lead
