"""The gateway's service on its real database, empty but for the people of the tests."""

import pytest
from sqlalchemy import create_engine, text

from chassis.settings import settings
from gateway import identity
from gateway.imports import runner
from gateway.imports.runner import ImportRunner
from gateway.persistence.people import add_person
from gateway.persistence.tables import metadata
from gateway.service import GatewayService
from tests.fixtures.gateway import ADA, ANN, BO, a_person, admin
from tests.fixtures.imports import FakeLeads, spawn


@pytest.fixture(scope="session")
def owner():
    """Return an engine of the role that owns the tables: the log lets nobody else delete."""
    engine = create_engine(settings().migrate_url("gateway"))
    yield engine
    engine.dispose()


@pytest.fixture
def service(owner) -> GatewayService:
    """Return the service; nobody is there but Ada (admin), Ann and Bo (reps in one team)."""
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    with owner.begin() as connection:
        connection.execute(text(f"truncate {tables}"))
    service = GatewayService()
    with service.database.transaction(admin) as tx:
        add_person(tx, a_person(id=ADA, name="Ada", roles=["admin"], team_path="/"))
        add_person(tx, a_person(id=ANN, name="安娜", team_path="/cn/east/"))
        add_person(tx, a_person(id=BO, name="波", team_path="/cn/east/", email="bo@example.com"))
    identity.forget_keys()
    return service


@pytest.fixture
def leads():
    """Return a stand-in for leads that has made none."""
    return FakeLeads()


@pytest.fixture
def start(service, leads, monkeypatch):
    """Return a function that starts a runner; all are stopped in the end."""
    monkeypatch.setattr(runner, "CHUNK_ROWS", 10)
    monkeypatch.setattr(runner, "SWEEP_SECONDS", 0.1)
    monkeypatch.setattr(runner, "_BACKOFF", (0.02,))
    started = []

    def begin():
        made = ImportRunner(service, leads, spawn)
        made.start()
        started.append(made)
        return made

    yield begin
    for one in started:
        one.stop()
