"""Receipts: money that came in, and which receivables it settles (F3)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from chassis import clock
from chassis.entrypoints import command, query
from chassis.errors import Forbidden
from chassis.ids import new_id
from chassis.money import Money
from chassis.validation import ById, ListQuery
from schemas import finance as schemas
from services.finance.domain import receipts as rules
from services.finance.domain.receipts import Receipt, Share
from services.finance.domain.receivables import Receivable
from services.finance.persistence import journal, reach, receipts, receivables

if TYPE_CHECKING:
    from chassis.db import Tx

_ITEMS = schemas.Receipt(many=True)


class Receipts:
    """What customers paid."""

    @command(
        request=schemas.RecordReceipt,
        reply=schemas.Receipt,
        allow="receipts:create",
        keep_for_ever=True,
    )
    def record_receipt(
        self,
        tx: "Tx",
        payer: str,
        customer_id: str,
        received_on: date,
        method: str,
        amount: Money,
        bank_reference: str | None = None,
        allocations: Sequence[Mapping[str, Any]] = (),
        owner_id: str | None = None,
        notes: str | None = None,
    ) -> Receipt:
        """Record money that came in, and settle receivables with it.

        Raises:
            NotFound: `not_found` for a receivable that the actor may not see.
            Forbidden: `not_permitted` for an owner or a receivable out of reach.
            Conflict: `bank_reference_used`.
            Refused: `allocation_exceeds_receipt`, `allocation_exceeds_open`.
            Invalid: `in_the_future`, `required` (bank reference), `duplicate`,
                `currency_mismatch`, `receivable_of_other_customer`.
        """
        shares = _shares(allocations)
        found = receivables.lock(tx, (share.receivable_id for share in shares), "receipts:create")
        owner = _owner(tx, owner_id, shares, found)
        settlement = rules.record(
            id=new_id(),
            number=receipts.new_number(tx),
            payer=payer,
            customer_id=customer_id,
            owner_id=owner,
            received_on=received_on,
            method=method,
            bank_reference=bank_reference,
            amount=amount,
            notes=notes,
            shares=shares,
            receivables=found,
            by=tx.actor.id,
            now=tx.now,
            today=clock.today(tx.now),
        )
        receipts.RECORDS.add(tx, settlement.receipt)
        _save_rest(tx, settlement)
        return settlement.receipt

    @command(
        request=schemas.AllocateReceipt,
        reply=schemas.Receipt,
        allow="receipts:allocate",
        keep_for_ever=True,
    )
    def allocate_receipt(
        self,
        tx: "Tx",
        id: str,
        allocations: Sequence[Mapping[str, Any]],
        expected_version: int | None = None,
    ) -> Receipt:
        """Use unapplied credit of a receipt for receivables of its customer.

        Raises:
            NotFound: `not_found` for the receipt or a receivable.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `allocation_exceeds_receipt`, `allocation_exceeds_open`.
            Invalid: `duplicate`, `currency_mismatch`, `receivable_of_other_customer`.
        """
        shares = _shares(allocations)
        # Everywhere the receipt first, then receivables in the order of their ids: no deadlock.
        receipt = receipts.lock(tx, id, "receipts:allocate").expect(expected_version)
        found = receivables.lock(tx, (share.receivable_id for share in shares), "receipts:allocate")
        settlement = rules.allocate(receipt, found, shares, by=tx.actor.id, now=tx.now)
        receipts.RECORDS.save(tx, settlement.receipt)
        _save_rest(tx, settlement)
        return settlement.receipt

    @query(request=ById, reply=schemas.Receipt, allow="receipts:read")
    def get_receipt(self, tx: "Tx", id: str) -> Receipt:
        """Return one receipt.

        Raises:
            NotFound: `not_found`.
        """
        return receipts.read(tx, id)

    @query(request=ListQuery, reply=None, allow="receipts:read")
    def list_receipts(self, tx: "Tx", **query: Any) -> dict[str, Any]:
        """Return one page of receipts; see `schemas.finance.lists` for what can be asked."""
        page = receipts.page(tx, query)
        return page.dump(_ITEMS.dump(page.items))


def _shares(allocations: Sequence[Mapping[str, Any]]) -> tuple[Share, ...]:
    return tuple(Share(line["receivable_id"], line["amount"]) for line in allocations)


def _owner(
    tx: "Tx", owner_id: str | None, shares: Sequence[Share], found: Mapping[str, Receivable]
) -> str:
    if owner_id is None:
        return found[shares[0].receivable_id].owner_id if shares else tx.actor.id
    if not reach.may_own(tx, "receipts:create", owner_id):
        raise Forbidden("not_permitted", permission="receipts:create", owner_id=owner_id)
    return owner_id


def _save_rest(tx: "Tx", settlement: rules.Settlement) -> None:
    for receivable in settlement.receivables:
        receivables.RECORDS.save(tx, receivable)
    journal.append(tx, settlement.entries)
    tx.publish(*settlement.events)
