"""The public pool: leads that nobody holds, and how they get a holder."""

from chassis.db import Tx
from chassis.entrypoints import command
from schemas.leads import ClaimLead
from schemas.leads import Lead as LeadView
from services.leads.domain import pool
from services.leads.domain.lead import Lead
from services.leads.domain.pool import Holder
from services.leads.persistence import leads, pools


class Pool:
    """Leads in pools."""

    @command(request=ClaimLead, reply=LeadView, allow="leads:claim")
    def claim_lead(self, tx: Tx, id: str, expected_version: int | None = None) -> Lead:
        """Take a pooled lead.

        Raises:
            NotFound: `not_found`.
            Conflict: `lead_already_owned`, with its holder if the actor may see the lead;
                `stale_version`.
            Refused: `owner_at_capacity` with `limit` and `held`; `lead_closed`.
        """
        held = pools.lock_owner(tx, tx.actor.id)  # The person first: the limit is the person's.
        lead, seen = leads.lock_for_claim(tx, id)
        known = pools.holder(tx, lead.owner_id) if seen and lead.owner_id else Holder()
        pool.expect_free(lead, known)
        lead.expect(expected_version)
        claimed, event = pool.claim(
            lead,
            claimant=tx.actor.id,
            allowance=pools.allowance(tx, lead.pool_id, held),
            now=tx.now,
        )
        leads.RECORDS.save(tx, claimed)
        tx.publish(event)
        return claimed
