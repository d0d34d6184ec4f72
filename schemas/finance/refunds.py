"""Requests and replies about refunds (F5): money that goes back, with a reason and an approval."""

from marshmallow import fields

from chassis.validation import (
    Choice,
    IdField,
    InstantField,
    MoneyField,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
)
from schemas.finance.vocabulary import REFUND_REASONS, REFUND_STATUSES


class RequestRefund(RequestSchema):
    """Ask to pay money of a receipt back."""

    receipt_id = IdField(required=True)
    receivable_id = IdField(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Takes back what the receipt paid of this receivable, which is open"
            " again then; without it the refund comes from unapplied credit."
        },
    )
    amount = MoneyField(required=True, positive=True)
    reason_code = Choice(tuple(REFUND_REASONS), required=True)
    reason = Text(maximum=1000, required=True)


class ApproveRefund(RequestSchema):
    """Let the money go back; by somebody else than who asked for it."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    note = Text(maximum=1000, load_default=None, allow_none=True)


class RejectRefund(RequestSchema):
    """Refuse a refund; the amount is free again."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    note = Text(maximum=1000, required=True, metadata={"description": "Why not."})


class Refund(ReplySchema):
    """A refund; who asked for it is `created_by`."""

    id = IdField()
    version = Whole()
    number = fields.String(metadata={"description": "TK-2026-000123."})
    receipt_id = IdField()
    receivable_id = IdField(allow_none=True)
    customer_id = IdField()
    owner_id = fields.String()
    amount = MoneyField()
    reason_code = Choice(tuple(REFUND_REASONS))
    reason = fields.String()
    status = Choice(
        tuple(REFUND_STATUSES), metadata={"description": "Only approved ones move money."}
    )
    decided_at = InstantField(allow_none=True)
    decided_by = fields.String(allow_none=True)
    note = fields.String(allow_none=True, metadata={"description": "Of who decided."})
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()
