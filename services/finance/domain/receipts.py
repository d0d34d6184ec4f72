"""Money that came in: it settles receivables, and what is left stays the customer's credit."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from chassis.aggregate import Aggregate
from chassis.errors import Invalid, Refused
from chassis.money import Money, total
from services.finance.domain.journal import ALLOCATED, BANK, CREDIT, RECEIVABLE, RECEIVED, Entry
from services.finance.domain.receivables import Receivable, ReceivableSettled, collect

WITHOUT_REFERENCE = frozenset({"cash", "other"})
"""Methods that no bank keeps a reference of."""


@dataclass(frozen=True)
class Allocation:
    """What one receipt paid of one receivable.

    Attributes:
        amount: Allocated in all.
        refunded: Of it, paid back.
        reserved: Of it, held by refunds that wait for approval.
    """

    receivable_id: str
    amount: Money
    refunded: Money
    reserved: Money

    @property
    def refundable(self) -> Money:
        """Return what can still be paid back."""
        return self.amount - self.refunded - self.reserved


@dataclass(frozen=True)
class Share:
    """How much of a receipt shall go to one receivable."""

    receivable_id: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class Receipt(Aggregate):
    """Money that came in; amount = allocated + unapplied + refunded, always.

    Attributes:
        allocations: One per receivable; sums of the journal at the time of reading.
        credit_refunded: Paid back out of unapplied credit, likewise.
        credit_reserved: Held out of unapplied credit by refunds that wait for approval.
    """

    number: str
    payer: str
    customer_id: str
    owner_id: str
    received_on: date
    method: str
    bank_reference: str | None
    amount: Money
    notes: str | None
    allocations: tuple[Allocation, ...]
    credit_refunded: Money
    credit_reserved: Money

    @property
    def allocated(self) -> Money:
        """Return what pays receivables now."""
        return self._sum(*(line.amount - line.refunded for line in self.allocations))

    @property
    def refunded(self) -> Money:
        """Return what was paid back."""
        return self._sum(*(line.refunded for line in self.allocations)) + self.credit_refunded

    @property
    def reserved(self) -> Money:
        """Return what refunds that wait for approval hold."""
        return self._sum(*(line.reserved for line in self.allocations)) + self.credit_reserved

    @property
    def unapplied(self) -> Money:
        """Return the credit that pays no receivable."""
        used = self._sum(*(line.amount for line in self.allocations))
        return self.amount - used - self.credit_refunded

    @property
    def available(self) -> Money:
        """Return the credit that nobody holds."""
        return self.unapplied - self.credit_reserved

    def paid(self, receivable_id: str) -> Allocation:
        """Return what it paid of a receivable; all zero if nothing."""
        zero = Money.zero(self.amount.currency)
        for line in self.allocations:
            if line.receivable_id == receivable_id:
                return line
        return Allocation(receivable_id, zero, zero, zero)

    def with_line(self, line: Allocation) -> tuple[Allocation, ...]:
        """Return the allocations with one replaced, or added at the end."""
        if all(one.receivable_id != line.receivable_id for one in self.allocations):
            return (*self.allocations, line)
        return tuple(
            line if one.receivable_id == line.receivable_id else one for one in self.allocations
        )

    def _sum(self, *parts: Money) -> Money:
        return total(parts, self.amount.currency)


@dataclass(frozen=True)
class ReceiptChange:
    """What every event of a receipt carries; `before` is None for a creation."""

    before: Receipt | None
    after: Receipt


class ReceiptRecorded(ReceiptChange):
    """Money came in."""


class ReceiptAllocated(ReceiptChange):
    """Credit of it was used for receivables."""


@dataclass(frozen=True)
class Settlement:
    """What recording or allocating a receipt changes, all of it in one transaction."""

    receipt: Receipt
    receivables: tuple[Receivable, ...]
    entries: tuple[Entry, ...]
    events: tuple[ReceiptChange | ReceivableSettled, ...]


def reference_of(text: str | None) -> str | None:
    """Return a bank reference as it is compared: half width, upper case, no spaces."""
    if text is None:
        return None
    return "".join(unicodedata.normalize("NFKC", text).upper().split()) or None


def record(
    *,
    id: str,
    number: str,
    payer: str,
    customer_id: str,
    owner_id: str,
    received_on: date,
    method: str,
    bank_reference: str | None,
    amount: Money,
    notes: str | None,
    shares: Sequence[Share],
    receivables: Mapping[str, Receivable],
    by: str,
    now: datetime,
    today: date,
) -> Settlement:
    """Return a new receipt with what it settles.

    Args:
        receivables: Those that the shares name, locked.

    Raises:
        Invalid: `in_the_future`, `required` (the bank's reference), and see `allocate`.
        Refused: see `allocate`.

    Source: F3.
    """
    if received_on > today:
        raise Invalid.field("#/received_on", "in_the_future", today=today.isoformat())
    reference = reference_of(bank_reference)
    if reference is None and method not in WITHOUT_REFERENCE:
        raise Invalid.field("#/bank_reference", "required", method=method)
    zero = Money.zero(amount.currency)
    bare = Receipt(
        id=id,
        created_at=now,
        created_by=by,
        updated_at=now,
        updated_by=by,
        number=number,
        payer=payer,
        customer_id=customer_id,
        owner_id=owner_id,
        received_on=received_on,
        method=method,
        bank_reference=reference,
        amount=amount,
        notes=notes,
        allocations=(),
        credit_refunded=zero,
        credit_reserved=zero,
    )
    made, paid, lines, settled = _apply(bare, receivables, shares, by, now)
    received = Entry(
        kind=RECEIVED,
        debit=BANK,
        credit=CREDIT,
        amount=amount,
        receipt_id=id,
    )
    return Settlement(made, paid, (received, *lines), (ReceiptRecorded(None, made), *settled))


def allocate(
    receipt: Receipt,
    receivables: Mapping[str, Receivable],
    shares: Sequence[Share],
    *,
    by: str,
    now: datetime,
) -> Settlement:
    """Return the receipt with some of its credit used, and the receivables that got it.

    Args:
        receivables: Those that the shares name, locked.

    Raises:
        Invalid: `duplicate`, `currency_mismatch`, `receivable_of_other_customer`.
        Refused: `allocation_exceeds_receipt`, `allocation_exceeds_open`.

    Source: F3.
    """
    used, paid, lines, settled = _apply(receipt, receivables, shares, by, now)
    after = receipt.changed(by=by, now=now, allocations=used.allocations)
    return Settlement(after, paid, lines, (ReceiptAllocated(receipt, after), *settled))


def _apply(
    receipt: Receipt,
    receivables: Mapping[str, Receivable],
    shares: Sequence[Share],
    by: str,
    now: datetime,
) -> tuple[Receipt, tuple[Receivable, ...], tuple[Entry, ...], tuple[ReceivableSettled, ...]]:
    _check_shares(receipt, receivables, shares)
    asked = total((share.amount for share in shares), receipt.amount.currency)
    if receipt.available < asked:
        raise Refused(
            "allocation_exceeds_receipt",
            available=receipt.available.text(),
            asked=asked.text(),
            currency=asked.currency,
        )
    paid: list[Receivable] = []
    settled: list[ReceivableSettled] = []
    for share in shares:
        line = receipt.paid(share.receivable_id)
        line = replace(line, amount=line.amount + share.amount)
        receipt = replace(receipt, allocations=receipt.with_line(line))
        receivable, event = collect(receivables[share.receivable_id], share.amount, by=by, now=now)
        paid.append(receivable)
        if event is not None:
            settled.append(event)
    entries = tuple(
        Entry(
            kind=ALLOCATED,
            debit=CREDIT,
            credit=RECEIVABLE,
            amount=share.amount,
            receivable_id=share.receivable_id,
            receipt_id=receipt.id,
        )
        for share in shares
    )
    return receipt, tuple(paid), entries, tuple(settled)


def _check_shares(
    receipt: Receipt, receivables: Mapping[str, Receivable], shares: Sequence[Share]
) -> None:
    seen: set[str] = set()
    for index, share in enumerate(shares):
        place = f"#/allocations/{index}"
        receivable = receivables[share.receivable_id]
        if share.receivable_id in seen:
            raise Invalid.field(f"{place}/receivable_id", "duplicate")
        seen.add(share.receivable_id)
        if receivable.customer_id != receipt.customer_id:
            raise Invalid.field(f"{place}/receivable_id", "receivable_of_other_customer")
        for currency in (receipt.amount.currency, receivable.amount.currency):
            if share.amount.currency != currency:
                raise Invalid.field(f"{place}/amount", "currency_mismatch", expected=currency)
