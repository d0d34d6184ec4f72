"""How a contract becomes binding: submitted by who wrote it, approved by somebody else."""

from datetime import datetime

from chassis.errors import Forbidden, Refused
from services.deals.domain.contracts import APPROVED, DRAFT, IN_APPROVAL, Contract, ContractChange


class ContractSubmitted(ContractChange):
    """The draft is in approval; nobody edits it until it is decided."""


class ContractApproved(ContractChange):
    """The contract binds; receivables are made from its instalments."""


class ContractRejected(ContractChange):
    """The contract went back to draft, with a reason."""


def submit(contract: Contract, *, by: str, now: datetime) -> tuple[Contract, ContractSubmitted]:
    """Return the contract in approval.

    Raises:
        Forbidden: `not_permitted` for anybody but its author and its owner.
        Refused: `contract_not_draft`; `instalment_plan_missing`, since receivables must sum to
            the total.

    Source: D17, F1.
    """
    if by not in (contract.created_by, contract.owner_id):
        raise Forbidden("not_permitted", permission="contracts:submit")
    if contract.status != DRAFT:
        raise Refused("contract_not_draft", status=contract.status)
    if contract.total.amount > 0 and not contract.instalments:
        raise Refused("instalment_plan_missing")
    submitted = contract.changed(
        by=by,
        now=now,
        status=IN_APPROVAL,
        submitted_at=now,
        submitted_by=by,
        rejected_at=None,
        rejected_by=None,
        rejection_reason=None,
    )
    return submitted, ContractSubmitted(contract, submitted)


def approve(contract: Contract, *, by: str, now: datetime) -> tuple[Contract, ContractApproved]:
    """Return the contract approved.

    Raises:
        Refused: `contract_not_in_approval`, also for all but the first of several approvers;
            `approver_is_author` for who wrote or submitted it.

    Source: D17, D19.
    """
    _require_decidable(contract, by)
    approved = contract.changed(by=by, now=now, status=APPROVED, approved_at=now, approved_by=by)
    return approved, ContractApproved(contract, approved)


def reject(
    contract: Contract, reason: str, *, by: str, now: datetime
) -> tuple[Contract, ContractRejected]:
    """Return the contract as a draft again.

    Raises:
        Refused: `contract_not_in_approval`, `approver_is_author`.
    """
    _require_decidable(contract, by)
    rejected = contract.changed(
        by=by,
        now=now,
        status=DRAFT,
        rejected_at=now,
        rejected_by=by,
        rejection_reason=reason,
    )
    return rejected, ContractRejected(contract, rejected)


def _require_decidable(contract: Contract, by: str) -> None:
    if contract.status != IN_APPROVAL:
        raise Refused("contract_not_in_approval", status=contract.status)
    if by in (contract.created_by, contract.submitted_by):
        raise Refused("approver_is_author")
