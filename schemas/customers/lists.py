"""What can be asked of the lists of customers."""

from chassis.listing import ListSpec
from schemas.customers.activities import ACTIVITY_KINDS, SUBJECT_TYPES
from schemas.customers.customers import KINDS

CUSTOMERS = ListSpec(
    fields={
        "number": "text",
        "kind": f"enum:{'|'.join(KINDS)}",
        "name": "text",
        "owner_id": "id",
        "credit_code": "text",
        "phone": "text",
        "email": "text",
        "region": "text",
        "industry": "text",
        "level": "text",
        "source": "text",
        "created_at": "datetime",
        "updated_at": "datetime",
        "last_contact_at": "datetime",
        "next_contact_at": "datetime",
    },
    sorts=("created_at", "updated_at", "name", "number", "last_contact_at", "next_contact_at"),
    search=True,
)

CONTACTS = ListSpec(
    fields={
        "customer_id": "id",
        "name": "text",
        "phone": "text",
        "email": "text",
        "job_title": "text",
        "department": "text",
        "office": "text",
        "attitude": "enum:supportive|neutral|opposed",
        "reports_to_id": "id",
        "created_at": "datetime",
        "updated_at": "datetime",
    },
    sorts=("created_at", "updated_at", "name"),
    search=True,
)

ACTIVITIES = ListSpec(
    fields={
        "kind": f"enum:{'|'.join(ACTIVITY_KINDS)}",
        "subject_type": f"enum:{'|'.join(SUBJECT_TYPES)}",
        "subject_id": "id",
        "customer_id": "id",
        "contact_id": "id",
        "owner_id": "id",
        "occurred_at": "datetime",
        "next_contact_at": "datetime",
        "created_at": "datetime",
    },
    sorts=("occurred_at", "created_at"),
    default_sort="-occurred_at",
)
