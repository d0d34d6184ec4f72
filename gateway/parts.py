"""What the HTTP app is made of, so that a test can hand it something else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Protocol

from chassis.actor import Actor
from gateway.http.operations import Rpc


class CustomerView(Protocol):
    """The 360 view, as far as its route needs it."""

    def read(
        self,
        customer_id: str,
        actor: Actor,
        sections: list[str] | None = None,
        no_cache: bool = False,
    ) -> tuple[str, bytes]:
        """Return the entity tag and the JSON of a customer's view."""


@dataclass(frozen=True)
class Parts:
    """The collaborators of the HTTP app.

    Attributes:
        rpc: Calls to the services.
        find_key, actor_of: Identity: a raw API key → its record → its actor.
        view: The 360 view.
        timeline: `(actor, customer_id, limit, cursor)` → a page of the event log.
        store_upload: `(actor, filename, stream)` → id of the stored file.
        begin, end: Start and stop connections; after fork, never at import.
    """

    rpc: Rpc
    find_key: Callable[[str], Any]
    actor_of: Callable[[Any], Actor]
    view: CustomerView
    timeline: Callable[[Actor, str, int, str | None], dict[str, Any]]
    store_upload: Callable[[Actor, str, IO[bytes]], str]
    begin: Callable[[], None] = lambda: None
    end: Callable[[], None] = lambda: None
