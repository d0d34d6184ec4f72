"""The leads section of the customer 360 view."""

from typing import Any

from chassis.actor import Level
from chassis.db import Tx
from chassis.entrypoints import query
from chassis.wire_json import instant
from schemas.sections import GetCustomerSections
from services.leads.persistence import sections as rows


class Sections:
    """What leads knows about a customer."""

    @query(request=GetCustomerSections, reply=None, allow=None, snapshot=False)
    def get_customer_sections(
        self, tx: Tx, customer_id: str, sections: list[str]
    ) -> dict[str, Any]:
        """Return section `leads`: the leads that the customer came from."""
        as_of = instant(tx.now)
        answer: dict[str, Any] = {}
        if "leads" in sections:
            answer["leads"] = self._leads(tx, customer_id, as_of)
        return {
            "customer_id": customer_id,
            "as_of": as_of,
            "partial": False,
            "sections": answer,
        }

    def _leads(self, tx: Tx, customer_id: str, as_of: str) -> dict[str, Any]:
        if tx.level("leads:read") is Level.NONE:
            return {"status": "hidden", "as_of": as_of, "version": "", "data": None}
        version, data = rows.leads_of(tx, customer_id)
        return {"status": "fresh", "as_of": as_of, "version": version, "data": data}
