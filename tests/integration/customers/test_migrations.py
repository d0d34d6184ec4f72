"""The migrated database of customers is the one that the code knows."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from services.customers.persistence.tables import metadata
from services.customers.service import CustomersService


def test_the_migrated_database_equals_the_tables(service: CustomersService) -> None:
    with service.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_check_constraints_stand_in_the_database(service: CustomersService) -> None:
    """Alembic does not compare these."""
    wanted = {
        str(constraint.name)
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if constraint.__visit_name__ == "check_constraint"
    }

    with service.database.engine.connect() as connection:
        found = connection.execute(text("select conname from pg_constraint where contype = 'c'"))
        assert wanted <= {row.conname for row in found}
