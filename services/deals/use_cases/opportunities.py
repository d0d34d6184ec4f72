"""Opportunities: made, edited, read, listed (D1); their contact times follow the activities."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chassis.entrypoints import command, on_event, query
from chassis.errors import Forbidden
from chassis.ids import new_id
from chassis.validation import ById, ListQuery
from schemas import deals as schemas
from services.deals.domain import opportunities as rules
from services.deals.domain.opportunities import Opportunity
from services.deals.domain.pricing import Line
from services.deals.persistence import opportunities, pipelines, reach

if TYPE_CHECKING:
    from chassis.db import Tx

_ITEMS = schemas.Opportunity(many=True)


class Opportunities:
    """What a deal holds, and who may see it."""

    @command(
        request=schemas.CreateOpportunity,
        reply=schemas.Opportunity,
        allow="opportunities:create",
    )
    def create_opportunity(
        self,
        tx: "Tx",
        name: str,
        customer_id: str,
        owner_id: str | None = None,
        **facts: Any,
    ) -> Opportunity:
        """Make an opportunity in the first stage of the default pipeline.

        Raises:
            Forbidden: `not_permitted` for an owner out of reach.
            Invalid: `required` at `amount_reason`, `currency_mismatch`, `amount_out_of_range`.
        """
        owner = owner_id or tx.actor.id
        if not reach.may_own(tx, "opportunities:create", owner):
            raise Forbidden("not_permitted", permission="opportunities:create", owner_id=owner)
        made, created = rules.create(
            id=new_id(),
            number=opportunities.new_number(tx),
            name=name,
            customer_id=customer_id,
            owner_id=owner,
            pipeline=pipelines.default(tx),
            by=tx.actor.id,
            now=tx.now,
            **_with_lines(facts),
        )
        opportunities.add(tx, made)
        tx.publish(created)
        return made

    @command(
        request=schemas.UpdateOpportunity,
        reply=schemas.Opportunity,
        allow="opportunities:update",
    )
    def update_opportunity(
        self, tx: "Tx", id: str, expected_version: int | None = None, **changes: Any
    ) -> Opportunity:
        """Replace some fields of an open opportunity; what is absent stays, None clears.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `opportunity_closed`.
            Invalid: `required` at `amount_reason`, `currency_mismatch`, `amount_out_of_range`.
        """
        found = opportunities.lock(tx, id, "opportunities:update").expect(expected_version)
        edited, updated = rules.edit(found, _with_lines(changes), by=tx.actor.id, now=tx.now)
        if updated is not None:
            opportunities.RECORDS.save(tx, edited)
            tx.publish(updated)
        return edited

    @query(request=ById, reply=schemas.Opportunity, allow="opportunities:read")
    def get_opportunity(self, tx: "Tx", id: str) -> Opportunity:
        """Return one opportunity.

        Raises:
            NotFound: `not_found`.
        """
        return opportunities.read(tx, id)

    @query(request=ListQuery, reply=None, allow="opportunities:read")
    def list_opportunities(self, tx: "Tx", **query: Any) -> dict[str, Any]:
        """Return one page of opportunities; see `schemas.deals.lists` for what can be asked."""
        page = opportunities.page(tx, query)
        return page.dump(_ITEMS.dump(page.items))

    @query(request=schemas.AuthorizeSubject, reply=None, allow=None)
    def authorize_subject(
        self, tx: "Tx", id: str, permission: str | None = None
    ) -> dict[str, str | None]:
        """Vouch that the actor may tie an activity to an opportunity, and say whose it is.

        Raises:
            NotFound: `not_found`.
            Forbidden: `missing_permission`, `missing_scope`, `not_permitted`.
        """
        wanted = permission or "opportunities:read"
        tx.actor.check(wanted)
        found = opportunities.read(tx, id)
        reach.require(tx, opportunities.RECORDS, found, "opportunities:read", wanted)
        return {"subject": f"opportunity/{found.id}", "customer_id": found.customer_id}

    @on_event("customers", "follow_up_recorded")
    def on_customers_follow_up_recorded(self, tx: "Tx", event: Mapping[str, Any]) -> None:
        """Keep last and next contact of the opportunity that was followed up.

        It was there when the follow-up was authorised, so one that is missing is not awaited.
        """
        follow_up = event["data"]["after"]
        if follow_up["subject_type"] != "opportunity":
            return
        found = opportunities.lock_any(tx, follow_up["subject_id"])
        if found is None:
            return
        noted, updated = rules.note_contact(
            found,
            occurred_at=datetime.fromisoformat(follow_up["occurred_at"]),
            next_contact_at=_instant(follow_up.get("next_contact_at")),
            by=tx.actor.id,
            now=tx.now,
        )
        if updated is not None:
            opportunities.RECORDS.save(tx, noted)
            tx.publish(updated)


def _with_lines(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return loaded fields with lines as the domain knows them."""
    if "lines" not in fields:
        return dict(fields)
    return {**fields, "lines": tuple(Line(**line) for line in fields["lines"])}


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
