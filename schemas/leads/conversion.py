"""Requests and replies of lead conversion."""

from marshmallow import fields

from chassis.validation import (
    DateField,
    IdField,
    InstantField,
    MoneyField,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
)


class OpportunityWish(RequestSchema):
    """The opportunity to make; what is absent is taken from the lead."""

    name = Text(load_default=None, allow_none=True)
    amount = MoneyField(load_default=None, allow_none=True)
    expected_close_on = DateField(load_default=None, allow_none=True)


class ConvertLead(RequestSchema):
    """Make a lead into a customer, a contact and, if wanted, an opportunity."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    create_opportunity = fields.Boolean(load_default=True, truthy={True}, falsy={False})
    opportunity = fields.Nested(OpportunityWish, load_default=None, allow_none=True)
    customer_id = IdField(
        load_default=None,
        allow_none=True,
        metadata={"description": "Attach to this customer instead of matching or making one."},
    )


class ConversionStep(ReplySchema):
    """How far one step has come."""

    step = fields.String()
    state = fields.String(
        metadata={"enum": ["pending", "waiting", "done", "skipped", "refused", "undone"]}
    )
    at = fields.String(allow_none=True)


class ConversionRefusal(ReplySchema):
    """Why a conversion was undone."""

    kind = fields.String()
    code = fields.String()
    details = fields.Dict()


class ConversionRecord(ReplySchema):
    """One record that a completed conversion touched."""

    service = fields.String()
    type = fields.String()
    id = fields.String()
    action = fields.String(metadata={"enum": ["created", "updated"]})


class Conversion(ReplySchema):
    """A conversion; ids of what it made are told only when it has completed."""

    id = fields.String()
    lead_id = fields.String()
    state = fields.String(
        metadata={"enum": ["running", "compensating", "completed", "compensated"]}
    )
    steps = fields.List(fields.Nested(ConversionStep))
    refusal = fields.Nested(ConversionRefusal, allow_none=True)
    customer_id = fields.String(allow_none=True)
    contact_id = fields.String(allow_none=True)
    opportunity_id = fields.String(allow_none=True)
    matched = fields.Boolean(
        allow_none=True,
        metadata={"description": "Whether the customer was there before."},
    )
    records = fields.List(fields.Nested(ConversionRecord))
    created_at = InstantField()
    updated_at = InstantField()
