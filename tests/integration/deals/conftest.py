"""Resources of the deals tests: the service, its emptied database, and callers of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text

from chassis import clock
from chassis.entrypoints import Answer, Call
from services.deals.persistence.tables import metadata
from services.deals.service import DealsService
from tests.fixtures.deals import PEOPLE, actor_of

_KEPT = ("pipelines", "stages")
"""Reference data of the migrations."""


@pytest.fixture(scope="session")
def service() -> Iterator[DealsService]:
    yield DealsService()
    DealsService.database.dispose()


@pytest.fixture
def clean(service: DealsService) -> None:
    with service.database.transaction(actor_of(PEOPLE[0]["id"])) as tx:
        for table in reversed(metadata.sorted_tables):
            if table.name not in _KEPT:
                tx.execute(delete(table))
        tx.execute(
            insert(metadata.tables["people"]),
            [
                {**person, "version": 1, "manager_id": None, "active": person["name"] != "Left"}
                for person in PEOPLE
            ],
        )


Send = Callable[..., Any]


@pytest.fixture
def answer(service: DealsService, clean: None) -> Callable[..., Answer]:
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
def send(answer: Callable[..., Answer]) -> Send:
    """Send a request through the pipeline and return the reply."""
    return lambda person, method, payload, **options: (
        answer(person, method, payload, **options).reply
    )


@pytest.fixture
def events(service: DealsService, clean: None) -> Callable[..., list[dict[str, Any]]]:
    """Return the envelopes in the outbox, of one type if it is given."""

    def read(kind: str | None = None) -> list[dict[str, Any]]:
        outbox = metadata.tables["outbox"]
        with service.database.transaction(actor_of(PEOPLE[0]["id"])) as tx:
            bodies = [row.body for row in tx.rows(select(outbox.c.body).order_by(outbox.c.id))]
        return [body for body in bodies if kind in (None, body["type"])]

    return read


@pytest.fixture
def sql(service: DealsService, clean: None) -> Callable[..., Any]:
    """Run one SQL statement outside of the service."""

    def run(statement: str, **values: Any) -> Any:
        with service.database.transaction(actor_of(PEOPLE[0]["id"])) as tx:
            result = tx.execute(text(statement), values)
            return result.all() if result.returns_rows else result.rowcount

    return run
