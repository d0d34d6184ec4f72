"""The migrated database is the one that the code knows."""

import os

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from services.deals.persistence.tables import metadata


def test_the_migrated_schema_equals_the_metadata() -> None:
    engine = create_engine(os.environ["DEALS_DATABASE_URL"])

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        differences = compare_metadata(context, metadata)

    engine.dispose()
    assert differences == []
