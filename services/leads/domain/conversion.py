"""Conversion: a lead becomes a customer, a contact and perhaps an opportunity. Source: L18.

What happens between the services is the saga's; here are the lead's own steps and what a reader is
told about a conversion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.errors import Refused
from chassis.money import Money
from services.leads.domain.lead import (
    CONVERTED,
    CONVERTING,
    Lead,
    LeadConversionStarted,
    LeadConversionUndone,
    LeadConverted,
)


@dataclass(frozen=True)
class Wish:
    """What a conversion is to make besides the customer.

    Attributes:
        customer_id: Attach to this customer instead of matching or making one.
        opportunity: Whether an opportunity is wanted; the other fields describe it and fall back
            on what the lead says.
        expected_close_on: Business date as text, YYYY-MM-DD.
    """

    opportunity: bool
    customer_id: str | None = None
    name: str | None = None
    amount: Money | None = None
    expected_close_on: str | None = None


def start(
    lead: Lead, *, conversion_id: str, by: str, now: datetime
) -> tuple[Lead, LeadConversionStarted]:
    """Return the lead with its conversion under way.

    Raises:
        Refused: `lead_closed`, `lead_in_conversion`, `lead_not_owned`.
    """
    lead.expect_open()
    lead.expect_no_conversion()
    if lead.owner_id is None:
        raise Refused("lead_not_owned")
    after = lead.changed(by=by, now=now, status=CONVERTING, conversion_id=conversion_id)
    return after, LeadConversionStarted(lead, after)


def complete(
    lead: Lead,
    *,
    customer_id: str,
    contact_id: str | None,
    opportunity_id: str | None,
    by: str,
    now: datetime,
) -> tuple[Lead, LeadConverted]:
    """Return the converted lead, which knows what it became."""
    after = lead.changed(
        by=by,
        now=now,
        status=CONVERTED,
        converted_at=now,
        customer_id=customer_id,
        contact_id=contact_id,
        opportunity_id=opportunity_id,
    )
    return after, LeadConverted(lead, after)


def undo(
    lead: Lead, *, former_status: str, by: str, now: datetime
) -> tuple[Lead, LeadConversionUndone]:
    """Return the lead as it was before the conversion; it may be converted again."""
    after = lead.changed(by=by, now=now, status=former_status, conversion_id=None)
    return after, LeadConversionUndone(lead, after)


def customer_of(lead: Lead) -> dict[str, Any]:
    """Return the customer that a lead describes."""
    organisation = lead.kind == "organisation"
    return {
        "kind": lead.kind,
        "name": (lead.company if organisation else lead.name) or lead.title,
        "phone": lead.phone,
        "email": lead.email,
        "region": lead.region,
        "industry": lead.industry,
        "source": lead.source_channel,
        "owner_id": lead.owner_id,
    }


def contact_of(lead: Lead) -> dict[str, Any] | None:
    """Return the contact that a lead describes: the person in an organisation, if it is named."""
    if lead.kind != "organisation" or not lead.name or not lead.company:
        return None
    return {
        "name": lead.name,
        "phone": lead.phone,
        "email": lead.email,
        "job_title": lead.job_title,
    }


def opportunity_of(lead: Lead, wish: Wish) -> dict[str, Any] | None:
    """Return the opportunity that is wished for, filled up from the lead; None if none is."""
    if not wish.opportunity:
        return None
    amount = wish.amount or lead.budget
    return {
        "name": wish.name or lead.title,
        "amount": {"amount": amount.text(), "currency": amount.currency} if amount else None,
        "owner_id": lead.owner_id,
        "expected_close_on": wish.expected_close_on,
        "product_interest": lead.product_interest,
    }


def progress(
    names: Sequence[str], log: Sequence[Mapping[str, Any]], state: str
) -> list[dict[str, Any]]:
    """Return every step with its state: what a reader sees of a conversion on its way.

    States: `pending`, `waiting` (its service does not answer now), `done`, `skipped` (not wanted),
    `refused`, `undone`.
    """
    steps = {name: {"step": name, "state": "pending", "at": None} for name in names}
    for entry in log:
        step = steps.get(entry["step"])
        if step is None:
            continue
        outcome, before = entry["outcome"], step["state"]
        if outcome == "skipped":
            step["state"] = "skipped"
        elif outcome != "done":
            step["state"] = before if entry["undo"] else "waiting"
        elif not entry["undo"]:
            step["state"] = "done"
        elif before == "done":
            step["state"] = "undone"
        step["at"] = entry["at"]
    if state in ("compensating", "compensated"):
        for step in steps.values():
            step["state"] = "refused" if step["state"] == "waiting" else step["state"]
    return list(steps.values())


def certificate(
    lead: Lead, made: Sequence[tuple[str, Mapping[str, Any] | None]]
) -> list[dict[str, Any]]:
    """Return every record that a completed conversion touched.

    Args:
        made: Service and the reply of its confirmation, None for a service that had no part.
    """
    records = [{"service": "leads", "type": "lead", "id": lead.id, "action": "updated"}]
    for service, reply in made:
        for record in (reply or {}).get("records", []):
            records.append({"service": service, **record})
    return records
