"""An opportunity: what it holds, how it begins, and what may be edited while it is open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chassis.aggregate import Aggregate
from chassis.errors import Refused
from chassis.money import Money
from services.deals.domain.pipeline import Pipeline
from services.deals.domain.pricing import Line, price

OPEN, WON, LOST = "open", "won", "lost"
EDITABLE = frozenset(
    {
        "name",
        "contact_id",
        "lines",
        "amount",
        "amount_reason",
        "expected_close_on",
        "product_interest",
        "competitor",
    }
)


@dataclass(frozen=True, kw_only=True)
class Opportunity(Aggregate):
    """A chance to sell to one customer, in one currency.

    Attributes:
        number: Such as `SJ-2026-000123`.
        lead_id: The lead it was converted from.
        stage: Code of the present stage; of the last one when closed.
        probability: Percent; the stage's while open, 100 when won, 0 when lost.
        amount_reason: Why the amount is not the sum of the lines; None when it is.
        competitor: Who else is bidding.
        winner: Who got a lost deal.
        last_contact_at, next_contact_at: Kept from follow-ups.
        provisional_for: The conversion that is making it; nobody sees it until that completes.
    """

    number: str
    name: str
    customer_id: str
    contact_id: str | None
    lead_id: str | None
    owner_id: str
    pipeline_id: str
    stage: str
    probability: int
    status: str
    lines: tuple[Line, ...]
    amount: Money | None
    amount_reason: str | None
    expected_close_on: date | None
    product_interest: str | None
    competitor: str | None
    closed_on: date | None = None
    close_reason: str | None = None
    close_text: str | None = None
    winner: str | None = None
    last_contact_at: datetime | None = None
    next_contact_at: datetime | None = None
    provisional_for: str | None = None


@dataclass(frozen=True)
class OpportunityChange:
    """What every event of an opportunity carries; `before` is None for a creation."""

    before: Opportunity | None
    after: Opportunity


class OpportunityCreated(OpportunityChange):
    """A new opportunity, by hand or from a conversion that completed."""


class OpportunityUpdated(OpportunityChange):
    """Fields were edited, or a follow-up moved the contact times."""


def create(
    *,
    id: str,
    number: str,
    name: str,
    customer_id: str,
    owner_id: str,
    pipeline: Pipeline,
    by: str,
    now: datetime,
    contact_id: str | None = None,
    lead_id: str | None = None,
    lines: tuple[Line, ...] = (),
    amount: Money | None = None,
    amount_reason: str | None = None,
    expected_close_on: date | None = None,
    product_interest: str | None = None,
    competitor: str | None = None,
    provisional_for: str | None = None,
) -> tuple[Opportunity, OpportunityCreated]:
    """Return a new opportunity in the first stage of a pipeline.

    Raises:
        Invalid: see `pricing.price`.
    """
    worth, why = price(lines, amount, amount_reason)
    first = pipeline.stages[0]
    made = Opportunity(
        id=id,
        created_at=now,
        created_by=by,
        updated_at=now,
        updated_by=by,
        number=number,
        name=name,
        customer_id=customer_id,
        contact_id=contact_id,
        lead_id=lead_id,
        owner_id=owner_id,
        pipeline_id=pipeline.id,
        stage=first.code,
        probability=first.probability,
        status=OPEN,
        lines=lines,
        amount=worth,
        amount_reason=why,
        expected_close_on=expected_close_on,
        product_interest=product_interest,
        competitor=competitor,
        provisional_for=provisional_for,
    )
    return made, OpportunityCreated(None, made)


def edit(
    opportunity: Opportunity, changes: Mapping[str, Any], *, by: str, now: datetime
) -> tuple[Opportunity, OpportunityUpdated | None]:
    """Return the opportunity with some fields replaced; no event if nothing changed.

    An overridden amount stays until it is cleared with None; the sum of the lines holds again then.

    Args:
        changes: Field → new value, of the fields in `EDITABLE`; what is absent stays.

    Raises:
        Refused: `opportunity_closed`.
        Invalid: see `pricing.price`.
    """
    require_open(opportunity)
    fields = {name: value for name, value in changes.items() if name in EDITABLE}
    lines = fields.get("lines", opportunity.lines)
    if "amount" in fields:
        amount = fields["amount"]
    elif not lines or opportunity.amount_reason is not None:
        amount = opportunity.amount
    else:
        amount = None  # The sum of the lines.
    reason = fields.get("amount_reason", opportunity.amount_reason)
    fields["amount"], fields["amount_reason"] = price(lines, amount, reason)
    if all(getattr(opportunity, name) == value for name, value in fields.items()):
        return opportunity, None
    edited = opportunity.changed(by=by, now=now, **fields)
    return edited, OpportunityUpdated(opportunity, edited)


def note_contact(
    opportunity: Opportunity,
    *,
    occurred_at: datetime,
    next_contact_at: datetime | None,
    by: str,
    now: datetime,
) -> tuple[Opportunity, OpportunityUpdated | None]:
    """Return the opportunity with the contact times of a follow-up; an older one changes nothing.

    Follow-ups can be recorded late and arrive in any order: the one that happened last counts.
    """
    last = opportunity.last_contact_at
    if last is not None and occurred_at < last:
        return opportunity, None
    if (last, opportunity.next_contact_at) == (occurred_at, next_contact_at):
        return opportunity, None
    noted = opportunity.changed(
        by=by, now=now, last_contact_at=occurred_at, next_contact_at=next_contact_at
    )
    return noted, OpportunityUpdated(opportunity, noted)


def require_open(opportunity: Opportunity) -> None:
    """Refuse what only an open opportunity can do.

    Raises:
        Refused: `opportunity_closed` with its status.
    """
    if opportunity.status != OPEN:
        raise Refused("opportunity_closed", status=opportunity.status)
