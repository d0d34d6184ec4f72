"""Money that goes back: asked for with a reason, decided by somebody else, then paid."""

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.aggregate import Aggregate
from chassis.errors import Invalid, Refused
from chassis.money import Money
from services.finance.domain.journal import BANK, CREDIT, RECEIVABLE, REFUNDED, Entry
from services.finance.domain.receipts import Receipt
from services.finance.domain.receivables import Receivable, ReceivableReopened, give_back

REQUESTED, APPROVED, REJECTED = "requested", "approved", "rejected"


@dataclass(frozen=True, kw_only=True)
class Refund(Aggregate):
    """A refund out of one receipt; who asked for it is `created_by`.

    Attributes:
        receivable_id: Whose payment is taken back; None takes from unapplied credit.
        note: Of who decided.
    """

    number: str
    receipt_id: str
    receivable_id: str | None
    customer_id: str
    owner_id: str
    amount: Money
    reason_code: str
    reason: str
    status: str
    decided_at: datetime | None = None
    decided_by: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class RefundChange:
    """What every event of a refund carries; `before` is None for a creation."""

    before: Refund | None
    after: Refund


class RefundRequested(RefundChange):
    """Somebody asks for it; the amount is held."""


class RefundApproved(RefundChange):
    """The money goes back."""


class RefundRejected(RefundChange):
    """It does not; the amount is free again."""


@dataclass(frozen=True)
class Payout:
    """What the approval of a refund changes, all of it in one transaction."""

    refund: Refund
    receipt: Receipt
    receivable: Receivable | None
    entry: Entry
    events: tuple[RefundApproved | ReceivableReopened, ...]


def request(
    receipt: Receipt,
    *,
    id: str,
    number: str,
    receivable_id: str | None,
    amount: Money,
    reason_code: str,
    reason: str,
    by: str,
    now: datetime,
) -> tuple[Refund, Receipt, RefundRequested]:
    """Return a refund that waits for approval, and the receipt with its amount held.

    Raises:
        Invalid: `currency_mismatch`.
        Refused: `refund_exceeds_collected` with what can be refunded: of the named receivable
            what this receipt paid, else the unapplied credit, less what was refunded or is held.

    Source: F5.
    """
    if amount.currency != receipt.amount.currency:
        raise Invalid.field("#/amount", "currency_mismatch", expected=receipt.amount.currency)
    refundable = receipt.paid(receivable_id).refundable if receivable_id else receipt.available
    if refundable < amount:
        raise Refused(
            "refund_exceeds_collected",
            refundable=refundable.text(),
            asked=amount.text(),
            currency=amount.currency,
        )
    refund = Refund(
        id=id,
        created_at=now,
        created_by=by,
        updated_at=now,
        updated_by=by,
        number=number,
        receipt_id=receipt.id,
        receivable_id=receivable_id,
        customer_id=receipt.customer_id,
        owner_id=receipt.owner_id,
        amount=amount,
        reason_code=reason_code,
        reason=reason,
        status=REQUESTED,
    )
    held = _held(receipt, refund, amount).changed(by=by, now=now)
    return refund, held, RefundRequested(None, refund)


def approve(
    refund: Refund,
    receipt: Receipt,
    receivable: Receivable | None,
    *,
    note: str | None,
    by: str,
    now: datetime,
) -> Payout:
    """Return the refund paid out; a named receivable has the amount open again.

    Raises:
        Refused: `refund_not_requested`, also for all but the first of several deciders;
            `approver_is_author` for who asked for it.

    Source: F5, F4 (maker is not checker).
    """
    _require_decidable(refund, by)
    approved = _decided(refund, APPROVED, note, by, now)
    paid_out = _paid_out(_held(receipt, refund, _minus(refund.amount)), refund)
    events: tuple[RefundApproved | ReceivableReopened, ...] = (RefundApproved(refund, approved),)
    if receivable is not None:
        receivable, reopened = give_back(receivable, refund.amount, by=by, now=now)
        events = (*events, reopened) if reopened else events
    entry = Entry(
        kind=REFUNDED,
        debit=RECEIVABLE if receivable is not None else CREDIT,
        credit=BANK,
        amount=refund.amount,
        receivable_id=refund.receivable_id,
        receipt_id=refund.receipt_id,
        refund_id=refund.id,
    )
    return Payout(approved, paid_out.changed(by=by, now=now), receivable, entry, events)


def reject(
    refund: Refund, receipt: Receipt, *, note: str, by: str, now: datetime
) -> tuple[Refund, Receipt, RefundRejected]:
    """Return the refund rejected, and the receipt with its amount free again.

    Raises:
        Refused: `refund_not_requested`, `approver_is_author`.
    """
    _require_decidable(refund, by)
    rejected = _decided(refund, REJECTED, note, by, now)
    free = _held(receipt, refund, _minus(refund.amount)).changed(by=by, now=now)
    return rejected, free, RefundRejected(refund, rejected)


def _require_decidable(refund: Refund, by: str) -> None:
    if refund.status != REQUESTED:
        raise Refused("refund_not_requested", status=refund.status)
    if by == refund.created_by:
        raise Refused("approver_is_author")


def _decided(refund: Refund, status: str, note: str | None, by: str, now: datetime) -> Refund:
    return refund.changed(by=by, now=now, status=status, decided_at=now, decided_by=by, note=note)


def _minus(amount: Money) -> Money:
    return Money.zero(amount.currency) - amount


def _held(receipt: Receipt, refund: Refund, more: Money) -> Receipt:
    """Return the receipt with so much more (or less) held where the refund comes from."""
    if refund.receivable_id is None:
        return replace(receipt, credit_reserved=receipt.credit_reserved + more)
    line = receipt.paid(refund.receivable_id)
    line = replace(line, reserved=line.reserved + more)
    return replace(receipt, allocations=receipt.with_line(line))


def _paid_out(receipt: Receipt, refund: Refund) -> Receipt:
    if refund.receivable_id is None:
        return replace(receipt, credit_refunded=receipt.credit_refunded + refund.amount)
    line = receipt.paid(refund.receivable_id)
    line = replace(line, refunded=line.refunded + refund.amount)
    return replace(receipt, allocations=receipt.with_line(line))
