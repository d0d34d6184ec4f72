"""References: writes that name a customer or a contact are let through by its owner first.

What the executing service owns itself, such as a contract's opportunity, it checks itself; a
conversion asks in its own first step, and is undone.
"""

from collections.abc import Mapping
from typing import Any

from chassis.actor import Actor
from chassis.ids import is_id
from gateway.http.operations import Rpc

_FIELDS = ("customer_id", "contact_id")


def check_references(rpc: Rpc, actor: Actor, payload: Mapping[str, Any]) -> Actor:
    """Return the actor if all that a body names exists for it; one call asks for everything.

    What is no id is left to the service to refuse, with all other wrong fields.

    Raises:
        Invalid: `invalid_request` naming `unknown_customer`, `unknown_contact`.
    """
    named = {name: payload[name] for name in _FIELDS if is_id(payload.get(name))}
    if named:
        rpc.call("customers", "check_references", named, actor)
    return actor
