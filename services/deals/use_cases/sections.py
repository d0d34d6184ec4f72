"""The sections of the customer 360 view that deals answers (C20)."""

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import query
from chassis.wire_json import instant
from schemas.sections import GetCustomerSections
from services.deals.persistence import sections as sql

if TYPE_CHECKING:
    from chassis.db import Tx


class Sections:
    """Opportunities and contracts of one customer."""

    @query(request=GetCustomerSections, reply=None, allow=None, snapshot=False)
    def get_customer_sections(
        self, tx: "Tx", customer_id: str, sections: list[str]
    ) -> dict[str, Any]:
        """Return the sections asked for, cut to what the actor may see.

        One that the actor may not read at all is `hidden`; names of other services are left out.
        """
        as_of = instant(tx.now)
        found = sql.read(tx, customer_id, sections)
        return {
            "customer_id": customer_id,
            "as_of": as_of,
            "partial": False,
            "sections": {name: {"as_of": as_of, **section} for name, section in found.items()},
        }
