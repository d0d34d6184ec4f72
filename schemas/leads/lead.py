"""The lead as others see it, and its section of the customer 360 view."""

from marshmallow import fields

from chassis.validation import InstantField, MoneyField, ReplySchema


class Lead(ReplySchema):
    """A lead: in replies, and as `after` in every event about it."""

    id = fields.String()
    version = fields.Integer(metadata={"description": "Rises with every change; the ETag."})
    kind = fields.String()
    title = fields.String(metadata={"description": "The company, else the person."})
    name = fields.String(metadata={"description": "The person."})
    company = fields.String()
    job_title = fields.String()
    phone = fields.String(metadata={"description": "As it was typed."})
    phone_e164 = fields.String(metadata={"description": "In comparable form: +8613800138000."})
    email = fields.String()
    chat_id = fields.String()
    region = fields.String()
    industry = fields.String()
    source_channel = fields.String(metadata={"description": "How the lead came; never changes."})
    source_campaign = fields.String()
    source_referrer = fields.String()
    source_system = fields.String(metadata={"description": "The sender's system."})
    external_id = fields.String(metadata={"description": "The sender's own reference."})
    product_interest = fields.String()
    budget = MoneyField(allow_none=True)
    intent = fields.String()
    level = fields.String()
    notes = fields.String()
    status = fields.String()
    owner_id = fields.String(metadata={"description": "Who holds the lead; null in a pool."})
    pool_id = fields.String(metadata={"description": "Where it waits; null when it is held."})
    claimed_at = InstantField()
    last_contact_at = InstantField()
    next_contact_at = InstantField()
    converted_at = InstantField()
    conversion_id = fields.String()
    customer_id = fields.String(metadata={"description": "What the lead became."})
    contact_id = fields.String()
    opportunity_id = fields.String()
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()
