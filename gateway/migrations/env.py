"""Alembic environment of the gateway's database."""

from chassis import migrations
from gateway.persistence.tables import metadata

migrations.run(metadata)
