"""A contract while it is written: its facts, its plan, and the lock once it is in approval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chassis.aggregate import Aggregate
from chassis.errors import Invalid, Refused
from chassis.money import Money
from services.deals.domain.instalments import Instalment, Term, as_terms, plan
from services.deals.domain.opportunities import LOST, Opportunity

DRAFT, IN_APPROVAL, APPROVED = "draft", "in_approval", "approved"
EDITABLE = frozenset({"title", "total", "starts_on", "ends_on", "signatories", "instalments"})


@dataclass(frozen=True)
class Signatory:
    """Who signs, for whom: `ours`, `customer` or `other`."""

    party: str
    name: str
    job_title: str | None = None


@dataclass(frozen=True, kw_only=True)
class Contract(Aggregate):
    """What was agreed with a customer, and how it is paid; its author is `created_by`.

    Attributes:
        number: Such as `HT-2026-000123`.
        total: Not negative; the instalments sum to it.
        starts_on, ends_on: Term of the contract, both days included.
        rejection_reason: Why it came back from approval; forgotten when it is submitted again.
    """

    number: str
    title: str
    customer_id: str
    opportunity_id: str | None
    owner_id: str
    status: str
    total: Money
    starts_on: date | None
    ends_on: date | None
    signatories: tuple[Signatory, ...]
    instalments: tuple[Instalment, ...]
    submitted_at: datetime | None = None
    submitted_by: str | None = None
    approved_at: datetime | None = None
    approved_by: str | None = None
    rejected_at: datetime | None = None
    rejected_by: str | None = None
    rejection_reason: str | None = None


@dataclass(frozen=True)
class ContractChange:
    """What every event of a contract carries; `before` is None for a creation."""

    before: Contract | None
    after: Contract


class ContractCreated(ContractChange):
    """A new draft."""


class ContractUpdated(ContractChange):
    """The draft was edited."""


def draft(
    *,
    id: str,
    number: str,
    title: str,
    customer_id: str,
    owner_id: str,
    total: Money,
    by: str,
    now: datetime,
    opportunity: Opportunity | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    signatories: Sequence[Signatory] = (),
    instalments: Sequence[Term] = (),
) -> tuple[Contract, ContractCreated]:
    """Return a new draft.

    Args:
        opportunity: The deal it came from; of the same customer and not lost.

    Raises:
        Invalid: `opportunity_of_other_customer`, `ends_before_start`; see `instalments.plan`.
        Refused: `opportunity_lost`.

    Source: D17.
    """
    if opportunity is not None:
        if opportunity.customer_id != customer_id:
            raise Invalid.field("#/opportunity_id", "opportunity_of_other_customer")
        if opportunity.status == LOST:
            raise Refused("opportunity_lost", opportunity_id=opportunity.id)
    _check_term(starts_on, ends_on)
    made = Contract(
        id=id,
        created_at=now,
        created_by=by,
        updated_at=now,
        updated_by=by,
        number=number,
        title=title,
        customer_id=customer_id,
        opportunity_id=opportunity.id if opportunity else None,
        owner_id=owner_id,
        status=DRAFT,
        total=total,
        starts_on=starts_on,
        ends_on=ends_on,
        signatories=tuple(signatories),
        instalments=plan(total, instalments),
    )
    return made, ContractCreated(None, made)


def edit(
    contract: Contract, changes: Mapping[str, Any], *, by: str, now: datetime
) -> tuple[Contract, ContractUpdated | None]:
    """Return the draft with some fields replaced; no event if nothing changed.

    A plan of shares follows a new total by itself; one of fixed amounts must come with it.

    Args:
        changes: Field → new value, of the fields in `EDITABLE`; `instalments` are terms.

    Raises:
        Refused: `contract_locked` unless it is a draft.
        Invalid: `ends_before_start`; see `instalments.plan`.
    """
    if contract.status != DRAFT:
        raise Refused("contract_locked", status=contract.status)
    fields = {name: value for name, value in changes.items() if name in EDITABLE}
    _check_term(
        fields.get("starts_on", contract.starts_on), fields.get("ends_on", contract.ends_on)
    )
    terms = fields.get("instalments", as_terms(contract.instalments))
    fields["instalments"] = plan(fields.get("total", contract.total), terms)
    if all(getattr(contract, name) == value for name, value in fields.items()):
        return contract, None
    edited = contract.changed(by=by, now=now, **fields)
    return edited, ContractUpdated(contract, edited)


def _check_term(starts_on: date | None, ends_on: date | None) -> None:
    if starts_on and ends_on and ends_on < starts_on:
        raise Invalid.field("#/ends_on", "ends_before_start")
