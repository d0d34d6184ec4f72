"""The migrated database is the one that the code describes."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.leads.domain.pool import DEFAULT_POOL_ID
from services.leads.persistence.tables import POOLS, metadata
from services.leads.service import LeadsService
from tests.fixtures.leads import admin


def test_migrated_database_equals_the_metadata(service: LeadsService) -> None:
    with service.database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )

        assert compare_metadata(context, metadata) == []


def test_every_installation_has_the_default_pool(service: LeadsService) -> None:
    with service.database.transaction(admin) as tx:
        pool = tx.row(POOLS.select().where(POOLS.c.id == DEFAULT_POOL_ID))

    assert pool is not None
    assert (pool.team_path, pool.capacity, pool.name_zh) == ("/", 100, "公海")
