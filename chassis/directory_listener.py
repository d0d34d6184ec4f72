"""The listener that keeps a service's replica of people; every service class inherits it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chassis.directory import store_person
from chassis.entrypoints import on_event

if TYPE_CHECKING:
    from chassis.db import Tx


class DirectoryListener:
    """Copies people from the gateway's events."""

    @on_event("gateway", "person_changed")
    def on_gateway_person_changed(self, tx: "Tx", event: Mapping[str, Any]) -> None:
        """Store the person's public view, unless a later version is known already."""
        store_person(tx, {**event["data"]["after"], "version": event["version"]})
