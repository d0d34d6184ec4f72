"""Opportunities: how one is made, edited and shown."""

from decimal import Decimal

from marshmallow import fields

from chassis.validation import (
    Choice,
    DateField,
    DecimalText,
    IdField,
    InstantField,
    MoneyField,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
)
from schemas.deals.limits import AtMost, Positive

MAX_LINES = 200
_MAX_QUANTITY = Decimal(1_000_000_000)


class LineRequest(RequestSchema):
    """One product of a deal; all lines of a deal have one currency."""

    product = Text(required=True)
    sku = Text(maximum=64, load_default=None, allow_none=True)
    quantity = DecimalText(
        required=True,
        places=4,
        maximum=_MAX_QUANTITY,
        validate=Positive(),
        metadata={"description": "Greater than zero, up to four decimals."},
    )
    unit_price = MoneyField(required=True, metadata={"description": "Before the discount."})
    discount_percent = DecimalText(
        load_default=Decimal(0),
        places=2,
        minimum=Decimal(0),
        maximum=Decimal(100),
        metadata={"description": "0 to 100, up to two decimals."},
    )


class Line(ReplySchema):
    """One product of a deal with its rounded amount."""

    product = fields.String()
    sku = fields.String(allow_none=True)
    quantity = DecimalText()
    unit_price = MoneyField()
    discount_percent = DecimalText()
    amount = MoneyField(metadata={"description": "Quantity times price less discount, half-up."})


class _Editable(RequestSchema):
    contact_id = IdField(allow_none=True)
    lines = fields.List(fields.Nested(LineRequest), validate=AtMost(MAX_LINES))
    amount = MoneyField(
        allow_none=True,
        metadata={"description": "The sum of the lines when absent; another one needs a reason."},
    )
    amount_reason = Text(
        allow_none=True, metadata={"description": "Why the amount is not the sum of the lines."}
    )
    expected_close_on = DateField(allow_none=True)
    product_interest = Text(maximum=500, allow_none=True)
    competitor = Text(allow_none=True, metadata={"description": "Who else is bidding."})


class CreateOpportunity(_Editable):
    """A new opportunity in the first stage of the default pipeline."""

    name = Text(required=True)
    customer_id = IdField(required=True)
    owner_id = IdField(
        load_default=None, allow_none=True, metadata={"description": "Default: who asks."}
    )


class UpdateOpportunity(_Editable):
    """New values of some fields; what is absent stays, null clears."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    name = Text()


class Opportunity(ReplySchema):
    """An opportunity as everybody who may see it sees it."""

    id = IdField()
    version = Whole()
    number = fields.String()
    name = fields.String()
    customer_id = IdField()
    contact_id = IdField(allow_none=True)
    lead_id = IdField(allow_none=True, metadata={"description": "The lead it came from."})
    owner_id = IdField()
    pipeline_id = IdField()
    stage = fields.String(
        metadata={"description": "Code of the stage; of the last one when closed."}
    )
    probability = Whole(metadata={"description": "Percent: the stage's, 100 won, 0 lost."})
    status = Choice(("open", "won", "lost"))
    lines = fields.List(fields.Nested(Line))
    amount = MoneyField(allow_none=True)
    amount_reason = fields.String(allow_none=True)
    expected_close_on = DateField(allow_none=True)
    product_interest = fields.String(allow_none=True)
    competitor = fields.String(allow_none=True)
    closed_on = DateField(allow_none=True)
    close_reason = fields.String(allow_none=True)
    close_text = fields.String(allow_none=True)
    winner = fields.String(allow_none=True, metadata={"description": "Who got a lost deal."})
    last_contact_at = InstantField(allow_none=True)
    next_contact_at = InstantField(allow_none=True)
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()


class AuthorizeSubject(RequestSchema):
    """May the actor see (or change) this opportunity, so that an activity can be tied to it?"""

    id = IdField(required=True)
    permission = Choice(
        ("opportunities:read", "opportunities:update"), load_default=None, allow_none=True
    )
