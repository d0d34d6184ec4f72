"""The Alembic environment of the deals database."""

from chassis import migrations
from services.deals.persistence.tables import metadata

migrations.run(metadata)
