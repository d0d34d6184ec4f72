"""Replies about receivables (F1): what a customer owes, instalment by instalment."""

from marshmallow import fields

from chassis.validation import (
    Choice,
    DateField,
    IdField,
    InstantField,
    MoneyField,
    ReplySchema,
    Whole,
)
from schemas.finance.vocabulary import MOVEMENTS, RECEIVABLE_STATUSES


class Receivable(ReplySchema):
    """One instalment of an approved contract, and what is still open of it."""

    id = IdField()
    version = Whole()
    number = fields.String(metadata={"description": "YS-2026-000123."})
    contract_id = IdField()
    contract_number = fields.String()
    contract_version = Whole()
    sequence = Whole(metadata={"description": "Place in the contract's plan, from 1."})
    name = fields.String()
    customer_id = IdField()
    owner_id = fields.String()
    due_on = DateField()
    amount = MoneyField()
    collected = MoneyField(
        metadata={"description": "Allocated from receipts, less what was refunded; derived."}
    )
    open = MoneyField(metadata={"description": "amount − collected; derived, never stored."})
    status = Choice(
        tuple(RECEIVABLE_STATUSES),
        metadata={"description": "On the business day of the reading; overdue after due_on."},
    )
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()


class Movement(ReplySchema):
    """One line of the journal that touched a receivable."""

    kind = Choice(tuple(MOVEMENTS))
    amount = MoneyField()
    receipt_id = IdField(allow_none=True)
    refund_id = IdField(allow_none=True)
    recorded_at = InstantField()
    recorded_by = fields.String()


class ReceivableWithMovements(Receivable):
    """A receivable and every movement its balance comes from, oldest first."""

    movements = fields.List(fields.Nested(Movement))
