"""The steps that the conversion of a lead asks of deals."""

from marshmallow import fields

from chassis.validation import DateField, IdField, MoneyField, RequestSchema, Text


class ConvertedOpportunity(RequestSchema):
    """The deal that a lead becomes."""

    name = Text(required=True)
    amount = MoneyField(load_default=None, allow_none=True)
    owner_id = IdField(required=True)
    expected_close_on = DateField(load_default=None, allow_none=True)
    product_interest = Text(maximum=500, load_default=None, allow_none=True)


class MakeOpportunityForConversion(RequestSchema):
    """Make an opportunity that nobody sees until the conversion is confirmed."""

    conversion_id = IdField(required=True)
    customer_id = IdField(required=True)
    contact_id = IdField(load_default=None, allow_none=True)
    lead_id = IdField(required=True)
    opportunity = fields.Nested(ConvertedOpportunity, required=True)


class ConfirmConversion(RequestSchema):
    """Let everybody see what the conversion has made."""

    conversion_id = IdField(required=True)


class CancelConversion(RequestSchema):
    """Take back what the conversion has made; a make that comes later is refused."""

    conversion_id = IdField(required=True)
