"""Receivables: made when a contract is approved, read and listed with their balance (F1, F2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chassis import clock
from chassis.entrypoints import on_event, query
from chassis.ids import new_id
from chassis.validation import ById, ListQuery, load
from schemas import deals
from schemas import finance as schemas
from services.finance.domain import receivables as rules
from services.finance.domain.receivables import ApprovedContract, Instalment, ReceivableCreated
from services.finance.persistence import journal, receivables

if TYPE_CHECKING:
    from chassis.db import Tx

_ITEMS = schemas.Receivable(many=True)
_READ_OF_CONTRACT = deals.Contract(
    only=("id", "number", "customer_id", "owner_id", "total", "instalments")
)


class Receivables:
    """What customers owe."""

    @on_event("deals", "contract_approved")
    def on_deals_contract_approved(self, tx: "Tx", event: Mapping[str, Any]) -> None:
        """Make one receivable per instalment, once per contract version.

        Raises:
            Invalid: `instalments_not_total`, `not_positive`, `currency_mismatch`.
            Refused: `contract_already_billed` when another version of it was.
        """
        contract = _contract(event)
        today = clock.today(tx.now)
        made = rules.bill(contract, _identities(tx), by=tx.actor.id, now=tx.now, today=today)
        if not made:
            return
        if not receivables.add_once(tx, made):
            rules.check_billed(contract, receivables.of_contract(tx, contract.id))
            return
        journal.append(tx, [rules.billed(receivable) for receivable in made])
        tx.publish(*(ReceivableCreated(None, receivable) for receivable in made))

    @query(request=ById, reply=schemas.ReceivableWithMovements, allow="receivables:read")
    def get_receivable(self, tx: "Tx", id: str) -> "_WithMovements":
        """Return one receivable with the movements that its balance comes from.

        Raises:
            NotFound: `not_found`.
        """
        receivable = receivables.read(tx, id)
        return _WithMovements(receivable, journal.movements(tx, id))

    @query(request=ListQuery, reply=None, allow="receivables:read")
    def list_receivables(self, tx: "Tx", **query: Any) -> dict[str, Any]:
        """Return one page of receivables; see `schemas.finance.lists` for what can be asked."""
        page = receivables.page(tx, query)
        return page.dump(_ITEMS.dump(page.items))


@dataclass(frozen=True)
class _WithMovements:
    receivable: rules.Receivable
    movements: list[journal.Movement]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.receivable, name)


def _contract(event: Mapping[str, Any]) -> ApprovedContract:
    """Return what finance needs of the event; other fields may come and go."""
    after = load(_READ_OF_CONTRACT, event["data"]["after"])
    instalments = tuple(
        Instalment(item["sequence"], item["name"], item["due_on"], item["amount"])
        for item in after.pop("instalments")
    )
    return ApprovedContract(**after, version=event["version"], instalments=instalments)


def _identities(tx: "Tx") -> Iterator[tuple[str, str]]:
    while True:
        yield new_id(), receivables.new_number(tx)
