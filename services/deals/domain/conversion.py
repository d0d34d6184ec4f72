"""The deal of a lead that is being converted: made unseen, then confirmed or taken back."""

from dataclasses import dataclass, replace

from chassis.errors import Conflict, Refused
from services.deals.domain.opportunities import Opportunity, OpportunityCreated

MADE, CONFIRMED, CANCELLED = "made", "confirmed", "cancelled"


@dataclass(frozen=True)
class Conversion:
    """What this service knows of one conversion.

    Attributes:
        state: `cancelled` without an opportunity is a tombstone: the make that comes late is
            refused.
    """

    id: str
    state: str
    opportunity_id: str | None


def require_not_cancelled(conversion: Conversion) -> None:
    """Refuse a step that comes after the cancellation.

    Raises:
        Refused: `conversion_cancelled`.
    """
    if conversion.state == CANCELLED:
        raise Refused("conversion_cancelled", conversion_id=conversion.id)


def require_not_confirmed(conversion: Conversion) -> None:
    """Refuse to take back what everybody has seen.

    Raises:
        Conflict: `conversion_confirmed`.
    """
    if conversion.state == CONFIRMED:
        raise Conflict("conversion_confirmed", conversion_id=conversion.id)


def reveal(opportunity: Opportunity) -> tuple[Opportunity, OpportunityCreated]:
    """Return the opportunity as everybody sees it from now on.

    Nobody saw it before, so it is still version 1 and its creation is the event.
    """
    visible = replace(opportunity, provisional_for=None)
    return visible, OpportunityCreated(None, visible)
