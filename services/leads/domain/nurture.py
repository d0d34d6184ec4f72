"""Nurturing: last and next contact, kept from follow-ups. Source: L10."""

from datetime import datetime

from services.leads.domain.lead import Lead, LeadContacted


def contact(
    lead: Lead,
    *,
    occurred_at: datetime,
    next_contact_at: datetime | None,
    by: str,
    now: datetime,
) -> tuple[Lead, LeadContacted | None]:
    """Return the lead after a follow-up; no event if a later follow-up was heard of already.

    Events of different follow-ups overtake each other, so the order is that of `occurred_at`: the
    latest follow-up decides when the next contact is due. One that names no next contact keeps a
    plan that still lies ahead of it.
    """
    last = lead.last_contact_at
    if last is not None and occurred_at < last:
        return lead, None
    planned = lead.next_contact_at
    if occurred_at == last and planned and next_contact_at:
        due: datetime | None = max(planned, next_contact_at)
    else:
        due = next_contact_at or (planned if planned and planned > occurred_at else None)
    if occurred_at == last and due == planned:
        return lead, None
    after = lead.changed(by=by, now=now, last_contact_at=occurred_at, next_contact_at=due)
    return after, LeadContacted(lead, after)
