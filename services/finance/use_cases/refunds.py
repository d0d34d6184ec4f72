"""Refunds: asked for with a reason, decided by somebody else, then paid (F5)."""

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import command, query
from chassis.ids import new_id
from chassis.money import Money
from chassis.validation import ById, ListQuery
from schemas import finance as schemas
from services.finance.domain import refunds as rules
from services.finance.domain.refunds import Refund
from services.finance.persistence import journal, receipts, receivables, refunds

if TYPE_CHECKING:
    from chassis.db import Tx

_ITEMS = schemas.Refund(many=True)


class Refunds:
    """Money that goes back."""

    @command(
        request=schemas.RequestRefund,
        reply=schemas.Refund,
        allow="refunds:create",
        keep_for_ever=True,
    )
    def request_refund(
        self,
        tx: "Tx",
        receipt_id: str,
        amount: Money,
        reason_code: str,
        reason: str,
        receivable_id: str | None = None,
    ) -> Refund:
        """Ask to pay money of a receipt back; until it is decided the amount is held.

        Raises:
            NotFound: `not_found` for a receipt that the actor may not see.
            Forbidden: `not_permitted`.
            Refused: `refund_exceeds_collected`.
            Invalid: `currency_mismatch`.
        """
        receipt = receipts.lock(tx, receipt_id, "refunds:create")
        refund, held, requested = rules.request(
            receipt,
            id=new_id(),
            number=refunds.new_number(tx),
            receivable_id=receivable_id,
            amount=amount,
            reason_code=reason_code,
            reason=reason,
            by=tx.actor.id,
            now=tx.now,
        )
        refunds.RECORDS.add(tx, refund)
        receipts.RECORDS.save(tx, held)
        tx.publish(requested)
        return refund

    @command(
        request=schemas.ApproveRefund,
        reply=schemas.Refund,
        allow="refunds:approve",
        keep_for_ever=True,
    )
    def approve_refund(
        self, tx: "Tx", id: str, expected_version: int | None = None, note: str | None = None
    ) -> Refund:
        """Pay a refund out; a receivable that it names has the amount open again.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `refund_not_requested`, `approver_is_author`.
        """
        # Nobody locks a refund after its receipt, so this order has no cycle.
        refund = refunds.lock(tx, id, "refunds:approve").expect(expected_version)
        receipt = receipts.lock_for_refund(tx, refund.receipt_id)
        receivable = (
            receivables.lock_for_refund(tx, refund.receivable_id) if refund.receivable_id else None
        )
        payout = rules.approve(refund, receipt, receivable, note=note, by=tx.actor.id, now=tx.now)
        refunds.RECORDS.save(tx, payout.refund)
        receipts.RECORDS.save(tx, payout.receipt)
        if payout.receivable is not None:
            receivables.RECORDS.save(tx, payout.receivable)
        journal.append(tx, [payout.entry])
        tx.publish(*payout.events)
        return payout.refund

    @command(
        request=schemas.RejectRefund,
        reply=schemas.Refund,
        allow="refunds:approve",
        keep_for_ever=True,
    )
    def reject_refund(
        self, tx: "Tx", id: str, note: str, expected_version: int | None = None
    ) -> Refund:
        """Refuse a refund; its amount is free again.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `refund_not_requested`, `approver_is_author`.
        """
        refund = refunds.lock(tx, id, "refunds:approve").expect(expected_version)
        receipt = receipts.lock_for_refund(tx, refund.receipt_id)
        rejected, free, event = rules.reject(refund, receipt, note=note, by=tx.actor.id, now=tx.now)
        refunds.RECORDS.save(tx, rejected)
        receipts.RECORDS.save(tx, free)
        tx.publish(event)
        return rejected

    @query(request=ById, reply=schemas.Refund, allow="refunds:read")
    def get_refund(self, tx: "Tx", id: str) -> Refund:
        """Return one refund.

        Raises:
            NotFound: `not_found`.
        """
        return refunds.read(tx, id)

    @query(request=ListQuery, reply=None, allow="refunds:read")
    def list_refunds(self, tx: "Tx", **query: Any) -> dict[str, Any]:
        """Return one page of refunds; see `schemas.finance.lists` for what can be asked."""
        page = refunds.page(tx, query)
        return page.dump(_ITEMS.dump(page.items))
