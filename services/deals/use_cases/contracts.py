"""Contracts: drafted, edited, read, listed (D17, F2)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chassis.entrypoints import command, query
from chassis.errors import Forbidden, Invalid, NotFound
from chassis.ids import new_id
from chassis.money import Money
from chassis.validation import ById, ListQuery
from schemas import deals as schemas
from services.deals.domain import contracts as rules
from services.deals.domain.contracts import Contract, Signatory
from services.deals.domain.instalments import Term
from services.deals.domain.opportunities import Opportunity
from services.deals.persistence import contracts, opportunities, reach

if TYPE_CHECKING:
    from chassis.db import Tx

_ITEMS = schemas.Contract(many=True)


class Contracts:
    """What was agreed, and how it is paid."""

    @command(request=schemas.CreateContract, reply=schemas.Contract, allow="contracts:create")
    def create_contract(
        self,
        tx: "Tx",
        title: str,
        customer_id: str,
        total: Money,
        opportunity_id: str | None = None,
        owner_id: str | None = None,
        **facts: Any,
    ) -> Contract:
        """Draft a contract.

        Raises:
            Forbidden: `not_permitted` for an owner out of reach.
            Refused: `opportunity_lost`.
            Invalid: `unknown_opportunity`, `opportunity_of_other_customer`, `ends_before_start`,
                `percentages_not_hundred`, `instalments_not_total`, `instalment_kinds_mixed`,
                `instalment_without_amount`, `sequence_malformed`, `currency_mismatch`,
                `too_many`.
        """
        owner = owner_id or tx.actor.id
        if not reach.may_own(tx, "contracts:create", owner):
            raise Forbidden("not_permitted", permission="contracts:create", owner_id=owner)
        opportunity = _lock_named(tx, opportunity_id) if opportunity_id else None
        made, created = rules.draft(
            id=new_id(),
            number=contracts.new_number(tx),
            title=title,
            customer_id=customer_id,
            owner_id=owner,
            total=total,
            opportunity=opportunity,
            by=tx.actor.id,
            now=tx.now,
            **_with_parts(facts),
        )
        contracts.RECORDS.add(tx, made)
        tx.publish(created)
        return made

    @command(request=schemas.UpdateContract, reply=schemas.Contract, allow="contracts:update")
    def update_contract(
        self, tx: "Tx", id: str, expected_version: int | None = None, **changes: Any
    ) -> Contract:
        """Replace some fields of a draft; what is absent stays, None clears.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `contract_locked` in approval and after it.
            Invalid: as for `create_contract`.
        """
        found = contracts.lock(tx, id, "contracts:update").expect(expected_version)
        edited, updated = rules.edit(found, _with_parts(changes), by=tx.actor.id, now=tx.now)
        if updated is not None:
            contracts.RECORDS.save(tx, edited)
            tx.publish(updated)
        return edited

    @query(request=ById, reply=schemas.Contract, allow="contracts:read")
    def get_contract(self, tx: "Tx", id: str) -> Contract:
        """Return one contract.

        Raises:
            NotFound: `not_found`.
        """
        return contracts.read(tx, id)

    @query(request=ListQuery, reply=None, allow="contracts:read")
    def list_contracts(self, tx: "Tx", **query: Any) -> dict[str, Any]:
        """Return one page of contracts; see `schemas.deals.lists` for what can be asked."""
        page = contracts.page(tx, query)
        return page.dump(_ITEMS.dump(page.items))


def _lock_named(tx: "Tx", opportunity_id: str) -> Opportunity:
    """Return a contract's opportunity, locked, so that it is not lost meanwhile."""
    try:
        return opportunities.lock(tx, opportunity_id, "opportunities:read")
    except NotFound as refusal:
        raise Invalid.field("#/opportunity_id", "unknown_opportunity") from refusal


def _with_parts(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return loaded fields with signatories and terms as the domain knows them."""
    parts = dict(fields)
    if "signatories" in fields:
        parts["signatories"] = tuple(Signatory(**item) for item in fields["signatories"])
    if "instalments" in fields:
        parts["instalments"] = tuple(Term(**item) for item in fields["instalments"])
    return parts
