"""A service that returns what it gets, for the measurement of the bus alone."""

from typing import Any

from marshmallow import fields

from chassis.actor import Level, define_roles
from chassis.db import Database, Tx
from chassis.entrypoints import query
from chassis.tables import new_metadata
from chassis.validation import RequestSchema

define_roles({"bench": {"echo:use": Level.ALL}})


class Echo(RequestSchema):
    """Anything at all."""

    value = fields.Raw(required=True)


class EchoService:
    """One use case that does nothing."""

    name = "echo"
    database = Database("leads", new_metadata())

    @query(request=Echo, allow="echo:use")
    def echo(self, tx: Tx, value: Any) -> Any:
        """Return what came."""
        return value


if __name__ == "__main__":
    from chassis.run import Host, patch

    patch()
    raise SystemExit(Host(EchoService, "echo").run())
