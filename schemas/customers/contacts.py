"""Requests and replies of contacts (C5)."""

from typing import Any

from marshmallow import fields

from chassis.validation import (
    Choice,
    IdField,
    InstantField,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
)
from schemas.contact_points import EmailField, PhoneField

ROLES = ("decider", "influencer", "purchaser", "user", "gatekeeper")
INFLUENCES = ("high", "medium", "low")
ATTITUDES = ("supportive", "neutral", "opposed")


def _described(text: str) -> dict[str, Any]:
    return {"description": text}


class Membership(RequestSchema):
    """A contact's place at one customer."""

    customer_id = IdField(required=True)
    role = Choice(ROLES, load_default=None, allow_none=True, metadata=_described("Part in buying."))
    influence = Choice(INFLUENCES, load_default=None, allow_none=True)
    is_primary = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata=_described("Making one primary takes it from the one before."),
    )


class ContactFacts(RequestSchema):
    """What a person may write on a contact, except its name; null clears."""

    phone = PhoneField(allow_none=True)
    email = EmailField(allow_none=True)
    job_title = Text(allow_none=True)
    department = Text(maximum=120, allow_none=True)
    office = Text(maximum=120, allow_none=True)
    attitude = Choice(ATTITUDES, allow_none=True, metadata=_described("Toward us."))
    reports_to_id = IdField(
        allow_none=True, metadata=_described("A contact of a customer that both belong to.")
    )
    notes = Text(maximum=4000, minimum=0, allow_none=True)


class CreateContact(ContactFacts):
    """A new contact."""

    name = Text(required=True)
    customers = fields.List(
        fields.Nested(Membership),
        required=True,
        metadata=_described("The customers it belongs to, at least one."),
    )


class UpdateContact(ContactFacts):
    """Changed fields of a contact; what is absent stays, null clears."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    name = Text()
    customers = fields.List(
        fields.Nested(Membership), metadata=_described("Takes the place of the whole list.")
    )


class MembershipState(ReplySchema):
    """A contact's place at one customer."""

    customer_id = IdField()
    role = Choice(ROLES, allow_none=True)
    influence = Choice(INFLUENCES, allow_none=True)
    is_primary = fields.Boolean()


class ContactState(ReplySchema):
    """The public view of a contact, as events carry it."""

    id = IdField()
    version = fields.Integer()
    name = fields.String()
    customer_id = IdField(
        allow_none=True, metadata=_described("The first of its customers, whose timeline it is on.")
    )
    customers = fields.List(fields.Nested(MembershipState))
    phone = fields.String(allow_none=True)
    phone_e164 = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    job_title = fields.String(allow_none=True)
    department = fields.String(allow_none=True)
    office = fields.String(allow_none=True)
    attitude = Choice(ATTITUDES, allow_none=True)
    reports_to_id = fields.String(allow_none=True)
    notes = fields.String(allow_none=True)
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()


class Contact(ContactState):
    """A contact as a reader gets it: customers that the reader may not see are left out."""
