"""The question for the reply of an earlier, equal call; every service with commands answers it.

The gateway asks it when a check ahead of a keyed command fails: what was done once must be answered
the same for as long as its key is kept, whatever has changed around it since.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from marshmallow import fields

from chassis import idempotency
from chassis.entrypoints import query, specs
from chassis.validation import RequestSchema

if TYPE_CHECKING:
    from chassis.db import Tx


class FindReply(RequestSchema):
    """A call as it was sent: its method, its idempotency key and its payload."""

    method = fields.String(required=True)
    key = fields.String(required=True)
    payload = fields.Dict(required=True)


class Replays:
    """Tells the caller's own earlier replies."""

    @query(request=FindReply, allow=None)
    def find_reply(
        self, tx: "Tx", method: str, key: str, payload: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return whether an equal call was `found`, and its `reply`.

        Raises:
            Forbidden: `missing_permission`, `missing_scope`: as the command itself.
        """
        asked = specs(type(self)).get(method)
        if asked is None:
            return {"found": False}
        if asked.allow is not None:
            tx.actor.check(asked.allow)
        return idempotency.find(tx, method, key, payload)
