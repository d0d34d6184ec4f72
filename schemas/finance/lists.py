"""What can be asked of the lists of finance."""

from chassis.listing import ListSpec
from schemas.finance.vocabulary import (
    METHODS,
    RECEIVABLE_STATUSES,
    REFUND_REASONS,
    REFUND_STATUSES,
)


def _enum(words: dict[str, tuple[str, str]]) -> str:
    return "enum:" + "|".join(words)


RECEIVABLES = ListSpec(
    fields={
        "number": "text",
        "contract_id": "id",
        "contract_number": "text",
        "customer_id": "id",
        "owner_id": "id",
        "status": _enum(RECEIVABLE_STATUSES),
        "due_on": "date",
        "amount": "decimal",
        "collected": "decimal",
        "open": "decimal",
        "currency": "text",
        "created_at": "datetime",
        "updated_at": "datetime",
    },
    sorts=("created_at", "updated_at", "due_on", "amount", "open", "number"),
)

RECEIPTS = ListSpec(
    fields={
        "number": "text",
        "payer": "text",
        "customer_id": "id",
        "owner_id": "id",
        "received_on": "date",
        "method": _enum(METHODS),
        "bank_reference": "text",
        "amount": "decimal",
        "unapplied": "decimal",
        "currency": "text",
        "created_at": "datetime",
        "updated_at": "datetime",
    },
    sorts=("created_at", "updated_at", "received_on", "amount", "number"),
    search=True,
)

REFUNDS = ListSpec(
    fields={
        "number": "text",
        "receipt_id": "id",
        "receivable_id": "id",
        "customer_id": "id",
        "owner_id": "id",
        "status": _enum(REFUND_STATUSES),
        "reason_code": _enum(REFUND_REASONS),
        "amount": "decimal",
        "currency": "text",
        "created_by": "id",
        "decided_by": "id",
        "decided_at": "datetime",
        "created_at": "datetime",
        "updated_at": "datetime",
    },
    sorts=("created_at", "updated_at", "amount", "number"),
)
