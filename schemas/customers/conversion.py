"""The steps of a conversion that leads asks of customers (L18)."""

from marshmallow import fields

from chassis.validation import Choice, IdField, RequestSchema, Text
from schemas.customers.customers import KINDS
from schemas.customers.fields import CreditCodeField


class ConvertedCustomer(RequestSchema):
    """The customer that a lead becomes, as far as the lead tells."""

    kind = Choice(KINDS, required=True)
    name = Text(required=True)
    owner_id = IdField(required=True)
    credit_code = CreditCodeField(load_default=None, allow_none=True)
    phone = Text(load_default=None, allow_none=True)
    email = Text(load_default=None, allow_none=True)
    region = Text(load_default=None, allow_none=True)
    industry = Text(load_default=None, allow_none=True)
    source = Text(load_default=None, allow_none=True)


class ConvertedContact(RequestSchema):
    """The person behind a lead."""

    name = Text(required=True)
    phone = Text(load_default=None, allow_none=True)
    email = Text(load_default=None, allow_none=True)
    job_title = Text(load_default=None, allow_none=True)


class MakeCustomerForConversion(RequestSchema):
    """Make or match the customer of a lead; nobody sees it before the confirmation."""

    conversion_id = IdField(required=True)
    customer = fields.Nested(ConvertedCustomer, required=True)
    contact = fields.Nested(ConvertedContact, load_default=None, allow_none=True)
    customer_id = IdField(
        load_default=None,
        allow_none=True,
        metadata={"description": "Attach to this customer instead of looking for one."},
    )


class ByConversion(RequestSchema):
    """Confirm or cancel what a conversion made."""

    conversion_id = IdField(required=True)
