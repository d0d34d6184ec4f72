"""Requests and replies of follow-ups (X1)."""

from marshmallow import fields

from chassis.validation import Choice, IdField, InstantField, ReplySchema, RequestSchema, Text

ACTIVITY_KINDS = ("call", "visit", "email", "wechat", "meeting", "other")
SUBJECT_TYPES = ("customer", "contact", "lead", "opportunity")


class RecordFollowUp(RequestSchema):
    """A follow-up on any subject."""

    kind = Choice(ACTIVITY_KINDS, required=True)
    subject_type = Choice(SUBJECT_TYPES, required=True)
    subject_id = IdField(required=True)
    body = Text(maximum=4000, required=True)
    occurred_at = InstantField(
        load_default=None, allow_none=True, metadata={"description": "Now if absent."}
    )
    next_contact_at = InstantField(load_default=None, allow_none=True)
    contact_id = IdField(
        load_default=None,
        allow_none=True,
        metadata={"description": "Whom of the customer's contacts it was with."},
    )
    customer_id = IdField(
        load_default=None,
        allow_none=True,
        metadata={"description": "Needed only for a contact of several customers."},
    )


class Activity(ReplySchema):
    """A follow-up, as readers get it and events carry it."""

    id = IdField()
    version = fields.Integer()
    kind = Choice(ACTIVITY_KINDS)
    subject_type = Choice(SUBJECT_TYPES)
    subject_id = IdField()
    customer_id = IdField(allow_none=True)
    contact_id = IdField(allow_none=True)
    lead_id = IdField(allow_none=True)
    body = fields.String()
    occurred_at = InstantField()
    next_contact_at = InstantField(allow_none=True)
    owner_id = fields.String()
    created_at = InstantField(metadata={"description": "When it was recorded."})
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()
