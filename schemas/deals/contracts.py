"""Contracts: how one is drafted, edited and shown."""

from decimal import Decimal

from marshmallow import fields, validates_schema

from chassis.validation import (
    Choice,
    DateField,
    DecimalText,
    IdField,
    InstantField,
    MoneyField,
    Problem,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
)
from schemas.deals.limits import AtMost

PARTIES = ("ours", "customer", "other")
MAX_SIGNATORIES = 20
MAX_INSTALMENTS = 60
_SMALLEST_SHARE = Decimal("0.0001")


class SignatoryRequest(RequestSchema):
    """Who signs, and for whom."""

    party = Choice(PARTIES, required=True)
    name = Text(required=True)
    job_title = Text(load_default=None, allow_none=True)


class Signatory(ReplySchema):
    """Who signs, and for whom."""

    party = Choice(PARTIES)
    name = fields.String()
    job_title = fields.String(allow_none=True)


class InstalmentRequest(RequestSchema):
    """One payment: a share of the total or a fixed amount, the same kind in the whole plan."""

    sequence = Whole(
        minimum=1,
        maximum=MAX_INSTALMENTS,
        load_default=None,
        allow_none=True,
        metadata={"description": "Place in the plan from 1; the place in the list when absent."},
    )
    name = Text(required=True)
    due_on = DateField(required=True)
    percent = DecimalText(
        places=4,
        minimum=_SMALLEST_SHARE,
        maximum=Decimal(100),
        load_default=None,
        allow_none=True,
        metadata={"description": "Share of the total; all shares sum to exactly 100."},
    )
    amount = MoneyField(positive=True, load_default=None, allow_none=True)

    @validates_schema
    def _one_kind(self, data: dict[str, object], **_: object) -> None:
        if (data.get("percent") is None) == (data.get("amount") is None):
            raise Problem("percent_or_amount")


class Instalment(ReplySchema):
    """One payment of a contract with its computed amount."""

    sequence = Whole()
    name = fields.String()
    due_on = DateField()
    percent = DecimalText(allow_none=True)
    amount = MoneyField()


class _Editable(RequestSchema):
    starts_on = DateField(allow_none=True)
    ends_on = DateField(allow_none=True, metadata={"description": "The last day of the term."})
    signatories = fields.List(fields.Nested(SignatoryRequest), validate=AtMost(MAX_SIGNATORIES))
    instalments = fields.List(fields.Nested(InstalmentRequest), validate=AtMost(MAX_INSTALMENTS))


class CreateContract(_Editable):
    """A new draft; its plan must be complete before it can be submitted."""

    title = Text(required=True)
    customer_id = IdField(required=True)
    opportunity_id = IdField(load_default=None, allow_none=True)
    owner_id = IdField(
        load_default=None, allow_none=True, metadata={"description": "Default: who asks."}
    )
    total = MoneyField(required=True)


class UpdateContract(_Editable):
    """New values of some fields of a draft; what is absent stays, null clears."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    title = Text()
    total = MoneyField()


class Contract(ReplySchema):
    """A contract as everybody who may see it sees it; its author is `created_by`."""

    id = IdField()
    version = Whole()
    number = fields.String()
    title = fields.String()
    customer_id = IdField()
    opportunity_id = IdField(allow_none=True)
    owner_id = IdField()
    status = Choice(("draft", "in_approval", "approved"))
    total = MoneyField()
    starts_on = DateField(allow_none=True)
    ends_on = DateField(allow_none=True)
    signatories = fields.List(fields.Nested(Signatory))
    instalments = fields.List(fields.Nested(Instalment))
    submitted_at = InstantField(allow_none=True)
    submitted_by = fields.String(allow_none=True)
    approved_at = InstantField(allow_none=True)
    approved_by = fields.String(allow_none=True)
    rejected_at = InstantField(allow_none=True)
    rejected_by = fields.String(allow_none=True)
    rejection_reason = fields.String(allow_none=True)
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()
