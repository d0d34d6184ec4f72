"""How an opportunity ends, won or lost, and how it comes back."""

from datetime import date, datetime

from chassis.errors import Invalid, Refused
from chassis.money import Money
from services.deals.domain.opportunities import (
    LOST,
    OPEN,
    WON,
    Opportunity,
    OpportunityChange,
    require_open,
)
from services.deals.domain.pipeline import Pipeline

AGREED_AT_CLOSE = "agreed_at_close"
"""The reason of an amount that was settled with the win and not line by line."""


class OpportunityWon(OpportunityChange):
    """The customer said yes."""


class OpportunityLost(OpportunityChange):
    """The customer said no, or nothing for too long."""


class OpportunityReopened(OpportunityChange):
    """A closed opportunity is open again, in the stage where it ended."""


def win(
    opportunity: Opportunity,
    *,
    reason: str,
    text: str | None,
    closed_on: date,
    amount: Money | None,
    today: date,
    by: str,
    now: datetime,
) -> tuple[Opportunity, OpportunityWon]:
    """Return the opportunity won.

    Args:
        amount: What was agreed; None is the amount that the opportunity has.

    Raises:
        Refused: `opportunity_closed`, also for all but the first of several closings at once.
        Invalid: `required` at `amount` if none is known or at `reason_text` for the reason
            `other`; `currency_mismatch`; `in_the_future` at `closed_on`.

    Source: D5.
    """
    require_open(opportunity)
    _check_close(reason, text, closed_on, today)
    agreed = amount or opportunity.amount
    if agreed is None:
        raise Invalid.field("#/amount", "required")
    known = opportunity.amount
    if known is not None and agreed.currency != known.currency:
        raise Invalid.field("#/amount", "currency_mismatch", expected=known.currency)
    overridden = bool(opportunity.lines) and agreed != known
    won = opportunity.changed(
        by=by,
        now=now,
        status=WON,
        probability=100,
        amount=agreed,
        amount_reason=AGREED_AT_CLOSE if overridden else opportunity.amount_reason,
        closed_on=closed_on,
        close_reason=reason,
        close_text=text,
    )
    return won, OpportunityWon(opportunity, won)


def lose(
    opportunity: Opportunity,
    *,
    reason: str,
    text: str | None,
    closed_on: date,
    winner: str | None,
    today: date,
    by: str,
    now: datetime,
) -> tuple[Opportunity, OpportunityLost]:
    """Return the opportunity lost; it keeps its last stage and amount for the reports.

    Raises:
        Refused: `opportunity_closed`.
        Invalid: `required` at `reason_text` for the reason `other`, `in_the_future` at
            `closed_on`.

    Source: D5.
    """
    require_open(opportunity)
    _check_close(reason, text, closed_on, today)
    lost = opportunity.changed(
        by=by,
        now=now,
        status=LOST,
        probability=0,
        closed_on=closed_on,
        close_reason=reason,
        close_text=text,
        winner=winner,
    )
    return lost, OpportunityLost(opportunity, lost)


def reopen(
    opportunity: Opportunity, pipeline: Pipeline, *, by: str, now: datetime
) -> tuple[Opportunity, OpportunityReopened]:
    """Return a closed opportunity open again, in the stage and with the chance it had.

    Raises:
        Refused: `opportunity_not_closed`.

    Source: D5.
    """
    if opportunity.status == OPEN:
        raise Refused("opportunity_not_closed")
    again = opportunity.changed(
        by=by,
        now=now,
        status=OPEN,
        probability=pipeline.stage(opportunity.stage).probability,
        closed_on=None,
        close_reason=None,
        close_text=None,
        winner=None,
    )
    return again, OpportunityReopened(opportunity, again)


def _check_close(reason: str, text: str | None, closed_on: date, today: date) -> None:
    if reason == "other" and not text:
        raise Invalid.field("#/reason_text", "required", rule="reason_other")
    if closed_on > today:
        raise Invalid.field("#/closed_on", "in_the_future", today=today.isoformat())
