"""The public pool: leads that nobody holds, and how a person takes one. Source: L3, L4, L5."""

from dataclasses import dataclass
from datetime import datetime

from chassis.errors import Conflict, Refused
from services.leads.domain.lead import WORKING, Lead, LeadClaimed

DEFAULT_POOL_ID = "01900000-0000-7000-8000-000000000001"
"""The pool that every installation starts with; everybody with a team is a member."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lead, as far as the asker may know; empty if it may not."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True)
class Allowance:
    """How many open leads a person holds and may hold, counted under the person's lock."""

    held: int
    limit: int

    def expect_room(self, wanted: int = 1) -> None:
        """Refuse to let a person hold more leads than the limit; whole or not at all.

        Raises:
            Refused: `owner_at_capacity` with `limit` and `held`.
        """
        if self.held + wanted > self.limit:
            raise Refused("owner_at_capacity", limit=self.limit, held=self.held)


def expect_free(lead: Lead, holder: Holder) -> None:
    """Refuse a lead that is not in a pool.

    Raises:
        Refused: `lead_closed`.
        Conflict: `lead_already_owned`, with `holder_id` and `holder_name` if the asker may know.
    """
    lead.expect_open()
    if lead.owner_id is not None:
        known = {"holder_id": holder.id, "holder_name": holder.name} if holder.id else {}
        raise Conflict("lead_already_owned", **known)


def claim(
    lead: Lead, *, claimant: str, allowance: Allowance, now: datetime
) -> tuple[Lead, LeadClaimed]:
    """Return the pooled lead in the hands of the claimant.

    Raises:
        Refused: `lead_closed`, `owner_at_capacity`.
        Conflict: `lead_already_owned`.
    """
    expect_free(lead, Holder())
    allowance.expect_room()
    claimed = lead.changed(
        by=claimant,
        now=now,
        owner_id=claimant,
        pool_id=None,
        former_pool_id=lead.pool_id,
        status=WORKING,
        claimed_at=now,
    )
    return claimed, LeadClaimed(lead, claimed)
