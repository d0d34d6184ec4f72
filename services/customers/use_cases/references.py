"""References: what records of other services name must exist for whoever names it."""

from typing import TYPE_CHECKING, Any

import schemas.customers as schemas
from chassis.entrypoints import query
from chassis.errors import Invalid
from services.customers.persistence import contacts, customers

if TYPE_CHECKING:
    from chassis.db import Tx


class References:
    """Whether a customer and a contact may be named."""

    @query(request=schemas.CheckReferences, allow=None)
    def check_references(
        self, tx: "Tx", customer_id: str | None = None, contact_id: str | None = None
    ) -> dict[str, Any]:
        """Refuse what the actor may not know of; nothing is told about the rest.

        To name is not to read: the actor's roles decide, not the scopes of its key, so that a key
        for receipts alone can record them.

        Raises:
            Invalid: `unknown_customer`, `unknown_contact`, each at its field.
        """
        unknown = []
        if customer_id is not None and not customers.is_shown(tx, customer_id):
            unknown.append(_error("customer"))
        if contact_id is not None and not contacts.is_within(tx, contact_id, "contacts:read"):
            unknown.append(_error("contact"))
        if unknown:
            raise Invalid.fields(unknown)
        return {}


def _error(what: str) -> dict[str, Any]:
    return {"pointer": f"#/{what}_id", "code": f"unknown_{what}", "meta": {}}
