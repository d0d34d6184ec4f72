"""Requests of intake: create and update one lead, and ask whether somebody may touch it."""

from typing import Any

from marshmallow import fields

from chassis.validation import (
    Choice,
    IdField,
    InstantField,
    MoneyField,
    Problem,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
)
from schemas.contact_points import EmailField, PhoneField
from schemas.leads.vocabulary import CHANNELS, INTENTS, KINDS, LEVELS


class Immutable(fields.Field[Any]):
    """A field that is set once; a change of it is refused with `immutable_field`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        raise Problem("immutable_field")


class LeadFacts(RequestSchema):
    """What is known about a lead and may change."""

    name = Text(allow_none=True, metadata={"description": "The person; or give company."})
    company = Text(allow_none=True)
    job_title = Text(allow_none=True)
    phone = PhoneField(
        allow_none=True,
        metadata={"description": "One of phone, email, chat_id is needed."},
    )
    email = EmailField(allow_none=True)
    chat_id = Text(allow_none=True, metadata={"description": "WeChat or another messenger."})
    region = Text(maximum=80, allow_none=True)
    industry = Text(maximum=80, allow_none=True)
    product_interest = Text(maximum=500, allow_none=True)
    budget = MoneyField(allow_none=True)
    intent = Choice(tuple(INTENTS), allow_none=True)
    level = Choice(tuple(LEVELS), allow_none=True)
    notes = Text(maximum=5000, allow_none=True)
    next_contact_at = InstantField(allow_none=True)


class CreateLead(LeadFacts):
    """A new lead; it goes to a pool unless an owner is named."""

    kind = Choice(
        tuple(KINDS),
        allow_none=True,
        metadata={"description": "Default: organisation if there is a company."},
    )
    source_channel = Choice(tuple(CHANNELS), required=True)
    source_campaign = Text(allow_none=True)
    source_referrer = Text(allow_none=True)
    source_system = Text(
        maximum=100, allow_none=True, metadata={"description": "Goes with external_id."}
    )
    external_id = Text(
        allow_none=True,
        metadata={"description": "Sent again with the same body it returns the first lead."},
    )
    pool_id = IdField(allow_none=True, metadata={"description": "Default: the default pool."})
    owner_id = IdField(allow_none=True, metadata={"description": "Who holds the lead at once."})


class UpdateLead(LeadFacts):
    """The fields that change; null clears one, an absent one stays."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    kind = Choice(tuple(KINDS))
    source_channel = Immutable()
    source_campaign = Immutable()
    source_referrer = Immutable()
    source_system = Immutable()
    external_id = Immutable()


class AuthorizeSubject(RequestSchema):
    """May the actor do something of another service to this lead?"""

    id = IdField(required=True)
    permission = Text(
        load_default="activities:read",
        metadata={"description": "Such as activities:create, for recording a follow-up."},
    )


class SubjectAuthorization(ReplySchema):
    """Yes: what the gateway puts into the signed context."""

    subject = fields.String()
    customer_id = fields.String(allow_none=True)
