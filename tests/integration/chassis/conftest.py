"""A database that holds the chassis' tables and one more; nobody else's rows."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from chassis.db import Database
from tests.fixtures.things import DDL, TABLE, as_owner, metadata, new_database, tester


@pytest.fixture(scope="module")
def _table() -> Iterator[None]:
    as_owner(f"drop table if exists {TABLE}")
    as_owner(DDL)
    yield
    as_owner(f"drop table {TABLE}")


@pytest.fixture
def database(_table: None) -> Iterator[Database]:
    """A database without rows, with connections of its own."""
    made = new_database()
    with made.transaction(tester) as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(delete(table))
    yield made
    made.dispose()
