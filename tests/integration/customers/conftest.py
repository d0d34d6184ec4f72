"""The customers service on its real database, empty but for the people."""

import pytest
from sqlalchemy import delete

from services.customers.persistence.tables import metadata
from services.customers.service import CustomersService
from tests.fixtures.customers import add_people, admin


@pytest.fixture
def service() -> CustomersService:
    """Return the service; its tables hold nothing but the people of the tests."""
    service = CustomersService()
    with service.database.transaction(admin) as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(delete(table))
    add_people(service)
    return service
