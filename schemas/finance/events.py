"""The events that finance publishes."""

from chassis.events import EventCatalogue, EventType
from schemas.finance.receipts import Receipt
from schemas.finance.receivables import Receivable
from schemas.finance.refunds import Refund

EVENTS = EventCatalogue(
    source="finance",
    types={
        "receivable_created": EventType(
            Receivable(), subject="receivable", customer_id="customer_id"
        ),
        "receivable_settled": EventType(
            Receivable(), subject="receivable", customer_id="customer_id"
        ),
        "receivable_reopened": EventType(
            Receivable(), subject="receivable", customer_id="customer_id"
        ),
        "receipt_recorded": EventType(Receipt(), subject="receipt", customer_id="customer_id"),
        "receipt_allocated": EventType(Receipt(), subject="receipt", customer_id="customer_id"),
        "refund_requested": EventType(Refund(), subject="refund", customer_id="customer_id"),
        "refund_approved": EventType(Refund(), subject="refund", customer_id="customer_id"),
        "refund_rejected": EventType(Refund(), subject="refund", customer_id="customer_id"),
    },
)
