"""What may be asked of the list of leads."""

from chassis.listing import ListSpec
from schemas.leads.vocabulary import CHANNELS, INTENTS, KINDS, LEVELS, STATUSES


def _enum(words: dict[str, tuple[str, str]]) -> str:
    return "enum:" + "|".join(words)


LEADS = ListSpec(
    fields={
        "status": _enum(STATUSES),
        "kind": _enum(KINDS),
        "source_channel": _enum(CHANNELS),
        "source_campaign": "text",
        "source_system": "text",
        "external_id": "text",
        "region": "text",
        "industry": "text",
        "intent": _enum(INTENTS),
        "level": _enum(LEVELS),
        "title": "text",
        "owner_id": "id",
        "pool_id": "id",
        "customer_id": "id",
        "created_by": "id",
        "budget": "decimal",
        "currency": "text",
        "has_phone": "bool",
        "has_email": "bool",
        "created_at": "datetime",
        "updated_at": "datetime",
        "claimed_at": "datetime",
        "converted_at": "datetime",
        "last_contact_at": "datetime",
        "next_contact_at": "datetime",
    },
    sorts=("created_at", "updated_at", "next_contact_at", "title"),
    search=True,
)
