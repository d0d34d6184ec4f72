"""The lead as others see it, and its section of the customer 360 view."""

from marshmallow import fields

from chassis.validation import InstantField, MoneyField, ReplySchema


class Lead(ReplySchema):
    """A lead: in replies, and as `after` in every event about it."""

    id = fields.String()
    version = fields.Integer(metadata={"description": "Rises with every change; the ETag."})
    kind = fields.String()
    title = fields.String(metadata={"description": "The company, else the person."})
    name = fields.String(allow_none=True, metadata={"description": "The person."})
    company = fields.String(allow_none=True)
    job_title = fields.String(allow_none=True)
    phone = fields.String(allow_none=True, metadata={"description": "As it was typed."})
    phone_e164 = fields.String(
        allow_none=True, metadata={"description": "In comparable form: +8613800138000."}
    )
    email = fields.String(allow_none=True)
    chat_id = fields.String(allow_none=True)
    region = fields.String(allow_none=True)
    industry = fields.String(allow_none=True)
    source_channel = fields.String(metadata={"description": "How the lead came; never changes."})
    source_campaign = fields.String(allow_none=True)
    source_referrer = fields.String(allow_none=True)
    source_system = fields.String(allow_none=True, metadata={"description": "The sender's system."})
    external_id = fields.String(
        allow_none=True, metadata={"description": "The sender's own reference."}
    )
    product_interest = fields.String(allow_none=True)
    budget = MoneyField(allow_none=True)
    intent = fields.String(allow_none=True)
    level = fields.String(allow_none=True)
    notes = fields.String(allow_none=True)
    status = fields.String()
    owner_id = fields.String(
        allow_none=True, metadata={"description": "Who holds the lead; null in a pool."}
    )
    pool_id = fields.String(
        allow_none=True, metadata={"description": "Where it waits; null when it is held."}
    )
    claimed_at = InstantField(allow_none=True)
    last_contact_at = InstantField(allow_none=True)
    next_contact_at = InstantField(allow_none=True)
    converted_at = InstantField(allow_none=True)
    conversion_id = fields.String(allow_none=True)
    customer_id = fields.String(allow_none=True, metadata={"description": "What the lead became."})
    contact_id = fields.String(allow_none=True)
    opportunity_id = fields.String(allow_none=True)
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()
