"""The migrated database is the one that the code knows, and holds no float."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.finance.persistence.tables import metadata
from services.finance.service import FinanceService


def test_the_migrated_schema_equals_the_metadata(service: FinanceService) -> None:
    with service.database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_no_column_of_the_database_is_a_float_Y3(sql: Any) -> None:
    floats = sql(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'public' and data_type in ('real', 'double precision')"
    )

    assert floats == []
