"""What can be asked of the lists of deals."""

from chassis.listing import ListSpec

OPPORTUNITIES = ListSpec(
    fields={
        "status": "enum:open|won|lost",
        "stage": "text",
        "pipeline_id": "id",
        "number": "text",
        "name": "text",
        "owner_id": "id",
        "customer_id": "id",
        "contact_id": "id",
        "lead_id": "id",
        "amount": "decimal",
        "currency": "text",
        "probability": "int",
        "expected_close_on": "date",
        "closed_on": "date",
        "close_reason": "text",
        "last_contact_at": "datetime",
        "next_contact_at": "datetime",
        "created_at": "datetime",
        "updated_at": "datetime",
    },
    sorts=("created_at", "updated_at", "number", "amount", "expected_close_on"),
    search=True,
)

CONTRACTS = ListSpec(
    fields={
        "status": "enum:draft|in_approval|approved",
        "number": "text",
        "title": "text",
        "owner_id": "id",
        "customer_id": "id",
        "opportunity_id": "id",
        "total": "decimal",
        "currency": "text",
        "starts_on": "date",
        "ends_on": "date",
        "submitted_at": "datetime",
        "approved_at": "datetime",
        "created_at": "datetime",
        "updated_at": "datetime",
    },
    sorts=("created_at", "updated_at", "number", "total"),
    search=True,
)
