"""The events that customers publishes."""

from chassis.events import EventCatalogue, EventType
from schemas.customers.activities import Activity
from schemas.customers.contacts import ContactState
from schemas.customers.customers import CustomerState

EVENTS = EventCatalogue(
    "customers",
    {
        "customer_created": EventType(CustomerState(), subject="customer", customer_id="id"),
        "customer_updated": EventType(CustomerState(), subject="customer", customer_id="id"),
        "contact_created": EventType(ContactState(), subject="contact", customer_id="customer_id"),
        "contact_updated": EventType(ContactState(), subject="contact", customer_id="customer_id"),
        "follow_up_recorded": EventType(
            Activity(), subject="activity", customer_id="customer_id", lead_id="lead_id"
        ),
    },
)
