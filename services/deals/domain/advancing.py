"""How an open opportunity moves along its pipeline, and the record of where it stayed."""

from dataclasses import dataclass
from datetime import datetime

from chassis.errors import Invalid, Refused
from services.deals.domain.opportunities import Opportunity, OpportunityChange, require_open
from services.deals.domain.pipeline import Pipeline


class OpportunityAdvanced(OpportunityChange):
    """The stage changed, forward or, with a reason, back."""


@dataclass(frozen=True)
class StageStay:
    """One stay in a stage, for the history of a deal.

    Attributes:
        left_at, left_by: None while it lasts.
        reason: Why the deal came back to this stage.
    """

    stage: str
    entered_at: datetime
    entered_by: str
    left_at: datetime | None
    left_by: str | None
    reason: str | None


def advance(
    opportunity: Opportunity,
    pipeline: Pipeline,
    stage: str | None,
    reason: str | None,
    *,
    by: str,
    now: datetime,
) -> tuple[Opportunity, OpportunityAdvanced]:
    """Return the opportunity in another stage.

    Args:
        stage: Where to; None is the next one.
        reason: Needed to go back.

    Raises:
        Refused: `opportunity_closed`, `already_in_stage`, `last_stage_reached`.
        Invalid: `not_a_choice` at `stage`, `required` at `reason`.

    Source: D2, D3.
    """
    require_open(opportunity)
    here = pipeline.stage(opportunity.stage)
    target = pipeline.stage(stage) if stage is not None else pipeline.after(here.code)
    if target is None:
        raise Refused("last_stage_reached", stage=here.code)
    if target == here:
        raise Refused("already_in_stage", stage=here.code)
    if target.position < here.position and not reason:
        raise Invalid.field("#/reason", "required", rule="moving_back")
    moved = opportunity.changed(by=by, now=now, stage=target.code, probability=target.probability)
    return moved, OpportunityAdvanced(opportunity, moved)
