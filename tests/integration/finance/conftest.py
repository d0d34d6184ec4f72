"""Resources of the finance tests: the service, its emptied database, and callers of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, insert, select, text

from chassis import clock
from chassis.entrypoints import Answer, Call
from chassis.settings import settings
from services.finance.persistence.tables import metadata
from services.finance.service import FinanceService
from tests.fixtures.finance import PEOPLE, REP, actor_of, contract_approved


@pytest.fixture(scope="session")
def service() -> Iterator[FinanceService]:
    yield FinanceService()
    FinanceService.database.dispose()


@pytest.fixture(scope="session")
def owner() -> Iterator[Engine]:
    """The schema's owner: the application's role may not even empty the tables."""
    engine = create_engine(settings().migrate_url("finance"))
    yield engine
    engine.dispose()


@pytest.fixture
def clean(service: FinanceService, owner: Engine) -> None:
    names = ", ".join(table.name for table in metadata.sorted_tables)
    with owner.begin() as connection:
        connection.exec_driver_sql(f"truncate {names}")
        connection.execute(
            insert(metadata.tables["people"]),
            [{**person, "version": 1, "manager_id": None, "active": True} for person in PEOPLE],
        )


@pytest.fixture
def answer(service: FinanceService, clean: None) -> Callable[..., Answer]:
    """Send a request through the pipeline, as the bus does, and return the answer."""

    def send(
        person: str,
        method: str,
        payload: dict[str, Any],
        *,
        key: str | None = None,
        **actor: Any,
    ) -> Answer:
        call = Call(
            payload=payload,
            actor=actor_of(person, **actor),
            deadline_ms=clock.epoch_ms() + 10_000,
            key=key,
        )
        result: Answer = getattr(service, method)(call)
        return result

    return send


@pytest.fixture
def send(answer: Callable[..., Answer]) -> Callable[..., Any]:
    """Send a request through the pipeline and return the reply."""
    return lambda person, method, payload, **options: (
        answer(person, method, payload, **options).reply
    )


@pytest.fixture
def bill(service: FinanceService, send: Callable[..., Any]) -> Callable[..., list[dict[str, Any]]]:
    """Deliver the event of an approved contract and return its receivables in order."""

    def deliver(*amounts: str, **fields: Any) -> list[dict[str, Any]]:
        occurrence = contract_approved(*amounts, **fields)
        service.on_deals_contract_approved(occurrence)
        contract_id = occurrence.envelope["data"]["after"]["id"]
        query = {"filters": {"contract_id": contract_id}, "limit": 200}
        found = send(REP, "list_receivables", query, roles=("admin",))["items"]
        return sorted(found, key=lambda item: item["sequence"])

    return deliver


@pytest.fixture
def events(service: FinanceService, clean: None) -> Callable[..., list[dict[str, Any]]]:
    """Return the envelopes in the outbox, of one type if it is given."""

    def read(kind: str | None = None) -> list[dict[str, Any]]:
        outbox = metadata.tables["outbox"]
        with service.database.transaction(actor_of(REP)) as tx:
            bodies = [row.body for row in tx.rows(select(outbox.c.body).order_by(outbox.c.id))]
        return [body for body in bodies if kind in (None, body["type"])]

    return read


@pytest.fixture
def sql(service: FinanceService, clean: None) -> Callable[..., Any]:
    """Run one SQL statement as the application's role, around the service."""

    def run(statement: str, **values: Any) -> Any:
        with service.database.transaction(actor_of(REP)) as tx:
            result = tx.execute(text(statement), values)
            return result.all() if result.returns_rows else result.rowcount

    return run
