"""Intake: what a lead must have, and how what is known about it changes. Source: L1."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from chassis.errors import Invalid
from services.leads.domain.lead import Lead, LeadCreated, LeadUpdated

CONTACT_METHODS = ("phone", "email", "chat_id")
"""A lead has at least one of them."""

NAMES = ("name", "company")
"""A lead has at least one of them."""

_FACTS = frozenset(field.name for field in fields(Lead))


def missing(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the field errors of facts that do not make a lead; none if they do.

    Codes: `name_required`, `contact_method_required`, each with `any_of`; `required` for the one
    half of an external reference that is not there.
    """
    errors = []
    if not any(facts.get(field) for field in NAMES):
        errors.append(_error("name", "name_required", any_of=list(NAMES)))
    if not any(facts.get(field) for field in CONTACT_METHODS):
        errors.append(_error("phone", "contact_method_required", any_of=list(CONTACT_METHODS)))
    system, reference = facts.get("source_system"), facts.get("external_id")
    if bool(system) != bool(reference):
        errors.append(_error("external_id" if system else "source_system", "required"))
    return errors


def create(
    facts: Mapping[str, Any],
    *,
    id: str,
    pool_id: str | None,
    owner_id: str | None,
    by: str,
    now: datetime,
) -> tuple[Lead, LeadCreated]:
    """Return a new lead, in a pool or held by a person.

    Args:
        facts: Fields of the lead, checked one by one already.

    Raises:
        Invalid: As `missing` says.
    """
    errors = missing(facts)
    if errors:
        raise Invalid.fields(errors)
    known = {name: value for name, value in facts.items() if value is not None and name in _FACTS}
    known["kind"] = known.get("kind") or ("organisation" if known.get("company") else "person")
    lead = Lead(
        **known,
        id=id,
        owner_id=owner_id,
        pool_id=None if owner_id else pool_id,
        claimed_at=now if owner_id else None,
        created_at=now,
        created_by=by,
        updated_at=now,
        updated_by=by,
    )
    return lead, LeadCreated(None, lead)


def update(
    lead: Lead, changes: Mapping[str, Any], *, by: str, now: datetime
) -> tuple[Lead, LeadUpdated | None]:
    """Return the lead with some facts replaced; no event if nothing is different.

    Args:
        changes: Only what changes; None clears a field.

    Raises:
        Refused: `lead_closed`, `lead_in_conversion`.
        Invalid: As `missing` says, of the facts after the change.
    """
    lead.expect_open()
    lead.expect_no_conversion()
    different = {name: value for name, value in changes.items() if getattr(lead, name) != value}
    if not different:
        return lead, None
    after = lead.changed(by=by, now=now, **different)
    errors = missing({name: getattr(after, name) for name in _FACTS})
    if errors:
        raise Invalid.fields(errors)
    return after, LeadUpdated(lead, after)


def _error(field: str, code: str, **meta: Any) -> dict[str, Any]:
    return {"pointer": f"#/{field}", "code": code, "meta": meta}
