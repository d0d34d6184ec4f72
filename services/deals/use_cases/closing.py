"""Closing: an opportunity is won, lost, or opened again (D5)."""

from datetime import date
from typing import TYPE_CHECKING

from chassis import clock
from chassis.entrypoints import command
from chassis.money import Money
from schemas import deals as schemas
from services.deals.domain import closing as rules
from services.deals.domain.opportunities import Opportunity
from services.deals.persistence import opportunities, pipelines

if TYPE_CHECKING:
    from chassis.db import Tx


class Closing:
    """How deals end."""

    @command(request=schemas.WinOpportunity, reply=schemas.Opportunity, allow="opportunities:win")
    def win_opportunity(
        self,
        tx: "Tx",
        id: str,
        reason: str,
        expected_version: int | None = None,
        reason_text: str | None = None,
        closed_on: date | None = None,
        amount: Money | None = None,
    ) -> Opportunity:
        """Close an opportunity as won.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `opportunity_closed`.
            Invalid: `required` at `amount` or `reason_text`, `in_the_future` at `closed_on`,
                `currency_mismatch`.
        """
        found = opportunities.lock(tx, id, "opportunities:win").expect(expected_version)
        today = clock.today(tx.now)
        closed, won = rules.win(
            found,
            reason=reason,
            text=reason_text,
            closed_on=closed_on or today,
            amount=amount,
            today=today,
            by=tx.actor.id,
            now=tx.now,
        )
        opportunities.RECORDS.save(tx, closed)
        opportunities.leave_stage(tx, closed)
        tx.publish(won)
        return closed

    @command(request=schemas.LoseOpportunity, reply=schemas.Opportunity, allow="opportunities:lose")
    def lose_opportunity(
        self,
        tx: "Tx",
        id: str,
        reason: str,
        expected_version: int | None = None,
        reason_text: str | None = None,
        closed_on: date | None = None,
        winner: str | None = None,
    ) -> Opportunity:
        """Close an opportunity as lost; it keeps its last stage.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `opportunity_closed`.
            Invalid: `required` at `reason_text`, `in_the_future` at `closed_on`.
        """
        found = opportunities.lock(tx, id, "opportunities:lose").expect(expected_version)
        today = clock.today(tx.now)
        closed, lost = rules.lose(
            found,
            reason=reason,
            text=reason_text,
            closed_on=closed_on or today,
            winner=winner,
            today=today,
            by=tx.actor.id,
            now=tx.now,
        )
        opportunities.RECORDS.save(tx, closed)
        opportunities.leave_stage(tx, closed)
        tx.publish(lost)
        return closed

    @command(
        request=schemas.ReopenOpportunity,
        reply=schemas.Opportunity,
        allow="opportunities:update",
    )
    def reopen_opportunity(
        self,
        tx: "Tx",
        id: str,
        expected_version: int | None = None,
        reason: str | None = None,
    ) -> Opportunity:
        """Open a closed opportunity again, in the stage where it ended.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`.
            Refused: `opportunity_not_closed`.
        """
        found = opportunities.lock(tx, id, "opportunities:update").expect(expected_version)
        pipeline = pipelines.get(tx, found.pipeline_id)
        again, reopened = rules.reopen(found, pipeline, by=tx.actor.id, now=tx.now)
        opportunities.RECORDS.save(tx, again)
        opportunities.enter_stage(tx, again, reason)
        tx.publish(reopened)
        return again
