"""Requests and replies about receipts (F3): money that came in, and what it settled."""

from collections.abc import Sequence
from typing import Any

from marshmallow import fields

from chassis.validation import (
    Choice,
    DateField,
    IdField,
    InstantField,
    MoneyField,
    Problem,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
)
from schemas.finance.vocabulary import METHODS

MAX_ALLOCATIONS = 100


def _few(lines: Sequence[Any]) -> None:
    if len(lines) > MAX_ALLOCATIONS:
        raise Problem("too_many", maximum=MAX_ALLOCATIONS)


def _some(lines: Sequence[Any]) -> None:
    if not lines:
        raise Problem("too_few", minimum=1)


class AllocationRequest(RequestSchema):
    """How much of a receipt goes to one receivable."""

    receivable_id = IdField(required=True)
    amount = MoneyField(required=True, positive=True)


class RecordReceipt(RequestSchema):
    """Money that came in from a customer, and optionally what it pays."""

    payer = Text(
        maximum=200, required=True, metadata={"description": "Name on the bank statement."}
    )
    customer_id = IdField(required=True)
    received_on = DateField(
        required=True, metadata={"description": "Business day; not in the future."}
    )
    method = Choice(tuple(METHODS), required=True)
    bank_reference = Text(
        maximum=64,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Required unless cash or other; the same one twice for a method is"
            " refused. Case and spaces do not count."
        },
    )
    amount = MoneyField(required=True, positive=True)
    allocations = fields.List(
        fields.Nested(AllocationRequest),
        load_default=list,
        validate=_few,
        metadata={"description": "What is not allocated stays as the customer's credit."},
    )
    owner_id = IdField(
        load_default=None,
        allow_none=True,
        metadata={"description": "Default: owner of the first receivable it pays, else who asks."},
    )
    notes = Text(maximum=2000, minimum=0, load_default=None, allow_none=True)


class AllocateReceipt(RequestSchema):
    """Use unapplied credit of a receipt for receivables of the same customer."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    allocations = fields.List(
        fields.Nested(AllocationRequest), required=True, validate=[_some, _few]
    )


class Allocation(ReplySchema):
    """What one receipt paid of one receivable."""

    receivable_id = IdField()
    amount = MoneyField(metadata={"description": "Allocated in all, refunds not deducted."})
    refunded = MoneyField(metadata={"description": "Of it, paid back."})


class Receipt(ReplySchema):
    """Money that came in; amount = allocated + unapplied + refunded, always."""

    id = IdField()
    version = Whole()
    number = fields.String(metadata={"description": "SK-2026-000123."})
    payer = fields.String()
    customer_id = IdField()
    owner_id = fields.String()
    received_on = DateField()
    method = Choice(tuple(METHODS))
    bank_reference = fields.String(allow_none=True)
    amount = MoneyField()
    allocated = MoneyField(
        metadata={"description": "On receivables now: allocations less refunds of them."}
    )
    refunded = MoneyField(metadata={"description": "Paid back, once approved."})
    unapplied = MoneyField(metadata={"description": "Credit that pays no receivable."})
    reserved = MoneyField(metadata={"description": "Held by refunds that wait for approval."})
    allocations = fields.List(fields.Nested(Allocation))
    notes = fields.String(allow_none=True)
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()
