"""Approval: a contract is submitted by who wrote it and decided by somebody else (D17)."""

from typing import TYPE_CHECKING

from chassis.entrypoints import command
from schemas import deals as schemas
from services.deals.domain import approval as rules
from services.deals.domain.contracts import Contract
from services.deals.persistence import contracts

if TYPE_CHECKING:
    from chassis.db import Tx


class Approval:
    """How a contract becomes binding."""

    @command(request=schemas.SubmitContract, reply=schemas.Contract, allow="contracts:submit")
    def submit_contract(self, tx: "Tx", id: str, expected_version: int | None = None) -> Contract:
        """Hand a draft in for approval.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted` for anybody but author and owner.
            Conflict: `stale_version`.
            Refused: `contract_not_draft`, `instalment_plan_missing`.
        """
        found = contracts.lock(tx, id, "contracts:submit").expect(expected_version)
        handed_in, submitted = rules.submit(found, by=tx.actor.id, now=tx.now)
        contracts.RECORDS.save(tx, handed_in)
        tx.publish(submitted)
        return handed_in

    @command(
        request=schemas.ApproveContract,
        reply=schemas.Contract,
        allow="contracts:approve",
        keep_for_ever=True,
    )
    def approve_contract(self, tx: "Tx", id: str, expected_version: int | None = None) -> Contract:
        """Approve a contract; receivables are made from its instalments.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `contract_not_in_approval`, `approver_is_author`.
        """
        found = contracts.lock(tx, id, "contracts:approve").expect(expected_version)
        binding, approved = rules.approve(found, by=tx.actor.id, now=tx.now)
        contracts.RECORDS.save(tx, binding)
        tx.publish(approved)
        return binding

    @command(request=schemas.RejectContract, reply=schemas.Contract, allow="contracts:approve")
    def reject_contract(
        self, tx: "Tx", id: str, reason: str, expected_version: int | None = None
    ) -> Contract:
        """Send a contract back to draft.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `contract_not_in_approval`, `approver_is_author`.
        """
        found = contracts.lock(tx, id, "contracts:approve").expect(expected_version)
        back, rejected = rules.reject(found, reason, by=tx.actor.id, now=tx.now)
        contracts.RECORDS.save(tx, back)
        tx.publish(rejected)
        return back
