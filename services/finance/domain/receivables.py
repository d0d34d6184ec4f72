"""What a customer owes: one receivable per instalment of an approved contract."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chassis.aggregate import Aggregate
from chassis.errors import Invalid, Refused
from chassis.money import Money, total
from services.finance.domain.journal import BILLED, RECEIVABLE, REVENUE, Entry

OPEN, PARTIAL, SETTLED, OVERDUE = "open", "partial", "settled", "overdue"


@dataclass(frozen=True)
class Instalment:
    """One payment of a contract, as the contract fixes it."""

    sequence: int
    name: str
    due_on: date
    amount: Money


@dataclass(frozen=True, kw_only=True)
class ApprovedContract:
    """What finance needs to know of a contract."""

    id: str
    number: str
    version: int
    customer_id: str
    owner_id: str
    total: Money
    instalments: tuple[Instalment, ...]


@dataclass(frozen=True, kw_only=True)
class Receivable(Aggregate):
    """One instalment and what was collected of it.

    Attributes:
        amount: Fixed when it is made.
        collected: Allocations less refunds of them: the journal's sum at the time of reading.
        as_of: The business day at which it was read; `status` belongs to it.
    """

    number: str
    contract_id: str
    contract_number: str
    contract_version: int
    sequence: int
    name: str
    customer_id: str
    owner_id: str
    due_on: date
    amount: Money
    collected: Money
    as_of: date

    @property
    def open(self) -> Money:
        """Return what is still to be paid."""
        return self.amount - self.collected

    @property
    def status(self) -> str:
        """Return open, partial, settled or overdue; the due day itself is not overdue."""
        if self.open.amount <= 0:
            return SETTLED
        if self.due_on < self.as_of:
            return OVERDUE
        return PARTIAL if self.collected.amount > 0 else OPEN


@dataclass(frozen=True)
class ReceivableChange:
    """What every event of a receivable carries; `before` is None for a creation."""

    before: Receivable | None
    after: Receivable


class ReceivableCreated(ReceivableChange):
    """A contract was approved and this is one of its instalments."""


class ReceivableSettled(ReceivableChange):
    """Nothing is open any more."""


class ReceivableReopened(ReceivableChange):
    """It was settled, and a refund opened it again."""


def bill(
    contract: ApprovedContract,
    identities: Iterator[tuple[str, str]],
    *,
    by: str,
    now: datetime,
    today: date,
) -> tuple[Receivable, ...]:
    """Return the receivables of an approved contract; they sum to its total.

    Args:
        identities: A fresh id and number for each.

    Raises:
        Invalid: `instalments_not_total`, `not_positive`, `currency_mismatch`: a contract that
            breaks what its publisher promises is parked, never half billed.

    Source: F1, F2.
    """
    if any(item.amount.amount <= 0 for item in contract.instalments):
        raise Invalid.field("#/instalments", "not_positive")
    summed = total((item.amount for item in contract.instalments), contract.total.currency)
    if summed != contract.total:
        raise Invalid.field(
            "#/instalments",
            "instalments_not_total",
            sum=summed.text(),
            total=contract.total.text(),
        )
    return tuple(
        Receivable(
            id=new_id,
            created_at=now,
            created_by=by,
            updated_at=now,
            updated_by=by,
            number=number,
            contract_id=contract.id,
            contract_number=contract.number,
            contract_version=contract.version,
            sequence=item.sequence,
            name=item.name,
            customer_id=contract.customer_id,
            owner_id=contract.owner_id,
            due_on=item.due_on,
            amount=item.amount,
            collected=Money.zero(item.amount.currency),
            as_of=today,
        )
        for item, (new_id, number) in zip(contract.instalments, identities, strict=False)
    )


def billed(receivable: Receivable) -> Entry:
    """Return the journal line that a new receivable is."""
    return Entry(
        kind=BILLED,
        debit=RECEIVABLE,
        credit=REVENUE,
        amount=receivable.amount,
        receivable_id=receivable.id,
    )


def check_billed(contract: ApprovedContract, existing: Sequence[Receivable]) -> None:
    """Accept that a contract was billed already, if it is the same version of it.

    Raises:
        Refused: `contract_already_billed` with another version; a person decides.

    Source: F1: once per contract version.
    """
    versions = {receivable.contract_version for receivable in existing}
    if versions != {contract.version}:
        raise Refused(
            "contract_already_billed", contract_id=contract.id, version=max(versions, default=0)
        )


def collect(
    receivable: Receivable, amount: Money, *, by: str, now: datetime
) -> tuple[Receivable, ReceivableSettled | None]:
    """Return the receivable with an amount collected; the event comes when nothing is open.

    Raises:
        Refused: `allocation_exceeds_open` with what is open.

    Source: F3.
    """
    if receivable.open < amount:
        raise Refused(
            "allocation_exceeds_open",
            receivable_id=receivable.id,
            open=receivable.open.text(),
            asked=amount.text(),
        )
    paid = receivable.changed(by=by, now=now, collected=receivable.collected + amount)
    return paid, ReceivableSettled(receivable, paid) if paid.status == SETTLED else None


def give_back(
    receivable: Receivable, amount: Money, *, by: str, now: datetime
) -> tuple[Receivable, ReceivableReopened | None]:
    """Return the receivable with an amount open again that had been collected.

    Source: F5.
    """
    back = receivable.changed(by=by, now=now, collected=receivable.collected - amount)
    return back, ReceivableReopened(receivable, back) if receivable.status == SETTLED else None
