"""The events that deals publishes."""

from chassis.events import EventCatalogue, EventType
from schemas.deals.contracts import Contract
from schemas.deals.opportunities import Opportunity

_OPPORTUNITY = EventType(
    Opportunity(), subject="opportunity", customer_id="customer_id", lead_id="lead_id"
)
_CONTRACT = EventType(Contract(), subject="contract", customer_id="customer_id")

EVENTS = EventCatalogue(
    source="deals",
    types={
        "opportunity_created": _OPPORTUNITY,
        "opportunity_updated": _OPPORTUNITY,
        "opportunity_advanced": _OPPORTUNITY,
        "opportunity_won": _OPPORTUNITY,
        "opportunity_lost": _OPPORTUNITY,
        "opportunity_reopened": _OPPORTUNITY,
        "contract_created": _CONTRACT,
        "contract_updated": _CONTRACT,
        "contract_submitted": _CONTRACT,
        "contract_approved": _CONTRACT,
        "contract_rejected": _CONTRACT,
    },
)
