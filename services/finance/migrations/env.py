"""Alembic environment of the finance database."""

from chassis import migrations
from services.finance.persistence.tables import metadata

migrations.run(metadata)
