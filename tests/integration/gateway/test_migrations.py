"""The migrated database is the one that the code knows, and its log is only ever added to."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from gateway.persistence.tables import metadata
from tests.fixtures.gateway import admin, an_event, log_events


def test_migrations_lead_to_the_tables_of_the_code(owner):
    options = {"compare_type": True, "compare_server_default": True}
    with owner.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)

        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize(
    "statement", ["update event_log set actor = ''", "delete from event_log", "truncate event_log"]
)
def test_the_application_can_not_change_the_log(service, statement):
    log_events(service, an_event())

    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        service.database.transaction(admin) as tx,
    ):
        tx.execute(text(statement))
