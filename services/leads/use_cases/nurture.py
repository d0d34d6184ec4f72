"""Nurturing: what follow-ups say about the contact with a lead."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.db import Tx
from chassis.entrypoints import on_event
from services.leads.domain import nurture
from services.leads.persistence import leads


class Nurture:
    """Last and next contact of leads."""

    @on_event("customers", "follow_up_recorded")
    def on_customers_follow_up_recorded(self, tx: Tx, event: Mapping[str, Any]) -> None:
        """Keep last and next contact of the lead that a follow-up is about.

        Raises:
            NotFound: `not_found`: leads itself let the follow-up happen, so this is a fault.
        """
        follow_up = event["data"]["after"]
        if follow_up["subject_type"] != "lead":
            return
        due = follow_up.get("next_contact_at")
        lead, contacted = nurture.contact(
            leads.RECORDS.lock(tx, follow_up["subject_id"]),
            occurred_at=datetime.fromisoformat(follow_up["occurred_at"]),
            next_contact_at=datetime.fromisoformat(due) if due else None,
            by=event["actor"],
            now=tx.now,
        )
        if contacted:
            leads.RECORDS.save(tx, lead)
            tx.publish(contacted)
