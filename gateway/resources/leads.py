"""Leads: intake, the pool, follow-ups and conversion (L1, L2, L4, L18)."""

from gateway.http.operations import Resource, Rows
from gateway.resources.activities import follow_ups
from gateway.resources.conversions import hold
from schemas import leads as schemas

_rows = Rows("/v1/leads", "leads", "lead", schemas.Lead, allow="leads")

LEADS = Resource(
    "leads",
    "Leads 线索",
    (
        _rows.list("list_leads", schemas.LEADS),
        _rows.create("create_lead", schemas.CreateLead),
        _rows.read("get_lead"),
        _rows.change("update_lead", schemas.UpdateLead),
        _rows.act("claim", "claim_lead", schemas.ClaimLead, "Take a lead from its pool"),
        _rows.act(
            "convert",
            "convert_lead",
            schemas.ConvertLead,
            "Make a lead a customer, a contact and an opportunity",
            reply=schemas.Conversion,
            status=202,
            location="/v1/conversions/{id}",
            after=hold,
            description="Answers 202 at once; `Prefer: wait=5` holds the answer until the"
            " conversion has ended (200), at most five seconds.",
        ),
        follow_ups("lead", "/v1/leads"),
    ),
)
