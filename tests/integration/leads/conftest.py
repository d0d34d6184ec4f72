"""The leads service on its real database, empty but for the people and the default pool."""

import pytest
from sqlalchemy import delete

from services.leads.domain.pool import DEFAULT_POOL_ID
from services.leads.persistence.tables import POOLS, metadata
from services.leads.service import LeadsService
from tests.fixtures.leads import add_people, admin


@pytest.fixture
def service() -> LeadsService:
    """Return the service; its tables hold nothing but what every test may count on."""
    service = LeadsService()
    with service.database.transaction(admin) as tx:
        for table in reversed(metadata.sorted_tables):
            gone = delete(table)
            tx.execute(gone.where(POOLS.c.id != DEFAULT_POOL_ID) if table is POOLS else gone)
    add_people(service)
    return service
