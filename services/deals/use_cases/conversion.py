"""Conversion: the steps that the saga of leads asks of deals (L16, L18)."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chassis.entrypoints import command
from chassis.errors import NotFound
from chassis.ids import new_id
from schemas import deals as schemas
from services.deals.domain import opportunities as rules
from services.deals.domain.conversion import (
    CANCELLED,
    CONFIRMED,
    MADE,
    require_not_cancelled,
    require_not_confirmed,
    reveal,
)
from services.deals.persistence import conversions, opportunities, pipelines

if TYPE_CHECKING:
    from chassis.db import Tx

_SAGA = ("leads",)


class ConversionSteps:
    """Each step can come twice, and a cancellation before its make."""

    @command(
        request=schemas.MakeOpportunityForConversion,
        allow=None,
        callers=_SAGA,
        keep_for_ever=True,
    )
    def make_opportunity_for_conversion(
        self,
        tx: "Tx",
        conversion_id: str,
        customer_id: str,
        lead_id: str,
        opportunity: dict[str, Any],
        contact_id: str | None = None,
    ) -> dict[str, Any]:
        """Make the opportunity of a lead, unseen until the conversion is confirmed.

        Raises:
            Refused: `conversion_cancelled`.
        """
        opportunity_id = new_id()
        if not conversions.begin(tx, conversion_id, MADE, opportunity_id):
            known = conversions.lock(tx, conversion_id)
            assert known is not None
            require_not_cancelled(known)
            return {"opportunity_id": known.opportunity_id}
        made, _ = rules.create(
            id=opportunity_id,
            number=opportunities.new_number(tx),
            customer_id=customer_id,
            contact_id=contact_id,
            lead_id=lead_id,
            pipeline=pipelines.default(tx),
            provisional_for=conversion_id,
            by=tx.actor.id,
            now=tx.now,
            **opportunity,
        )
        opportunities.add(tx, made)
        return {"opportunity_id": made.id}

    @command(request=schemas.ConfirmConversion, allow=None, callers=_SAGA, keep_for_ever=True)
    def confirm_conversion(self, tx: "Tx", conversion_id: str) -> dict[str, Any]:
        """Let everybody see the opportunity.

        Raises:
            NotFound: `not_found` if nothing was made.
            Refused: `conversion_cancelled`.
        """
        known = conversions.lock(tx, conversion_id)
        if known is None:
            raise NotFound("not_found", resource="conversion", id=conversion_id)
        require_not_cancelled(known)
        assert known.opportunity_id is not None
        if known.state == MADE:
            hidden = opportunities.read_provisional(tx, known.opportunity_id)
            visible, created = reveal(hidden)
            opportunities.reveal(tx, visible)
            conversions.save(tx, replace(known, state=CONFIRMED))
            tx.publish(created)
        return {
            "opportunity_id": known.opportunity_id,
            "records": [{"type": "opportunity", "id": known.opportunity_id, "action": "created"}],
        }

    @command(request=schemas.CancelConversion, allow=None, callers=_SAGA, keep_for_ever=True)
    def cancel_conversion(self, tx: "Tx", conversion_id: str) -> dict[str, Any]:
        """Take the opportunity back; a make that comes later is refused.

        Raises:
            Conflict: `conversion_confirmed`.
        """
        if conversions.begin(tx, conversion_id, CANCELLED, None):
            return {}
        known = conversions.lock(tx, conversion_id)
        assert known is not None
        require_not_confirmed(known)
        if known.state == MADE:
            assert known.opportunity_id is not None
            opportunities.remove_provisional(tx, known.opportunity_id)
            conversions.save(tx, replace(known, state=CANCELLED, opportunity_id=None))
        return {}
