"""The request that the gateway sends to every service for the customer 360 view (C20)."""

from marshmallow import fields

from chassis.validation import IdField, RequestSchema


class GetCustomerSections(RequestSchema):
    """Which sections of which customer."""

    customer_id = IdField(required=True)
    sections = fields.List(fields.String(), required=True)


SECTIONS = {
    "customers": ("profile", "contacts", "activities"),
    "leads": ("leads",),
    "deals": ("opportunities", "contracts"),
    "finance": ("receivables", "receipts", "refunds"),
    "gateway": ("timeline",),
}
"""Which service answers which sections."""
