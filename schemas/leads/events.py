"""The events that leads publishes; each carries the whole public view of the lead."""

from chassis.events import EventCatalogue, EventType
from chassis.views import View
from schemas.leads.lead import Lead

VIEW = View(Lead())
"""The public view of a lead, quick enough for files of them."""

_LEAD = EventType(VIEW, subject="lead", customer_id="customer_id", lead_id="id")

EVENTS = EventCatalogue(
    "leads",
    {
        "lead_created": _LEAD,
        "lead_updated": _LEAD,
        "lead_claimed": _LEAD,
        "lead_contacted": _LEAD,
        "lead_conversion_started": _LEAD,
        "lead_converted": _LEAD,
        "lead_conversion_undone": _LEAD,
    },
)
