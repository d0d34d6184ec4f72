"""Transactions: the only place that says commit.

A unit of work is a `Tx`: one connection, one actor, one `now`. Commands run READ COMMITTED with row
locks; queries run REPEATABLE READ, read only, so that one answer is one snapshot. Serialisation
failures and deadlocks are run again; a full pool, a lost connection or a lock that does not come
is `Unavailable`, never a hang.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Engine,
    MetaData,
    create_engine,
    exc,
)
from sqlalchemy.engine import Row
from sqlalchemy.sql import Executable

from chassis import clock, crash, wire_json
from chassis.actor import Actor, Level
from chassis.directory import visible
from chassis.errors import Conflict, CRMError, Unavailable
from chassis.events import DomainEvent, EventCatalogue
from chassis.ids import new_id
from chassis.settings import settings

T = TypeVar("T")

_RETRY_STATES = frozenset({"40001", "40P01"})
"""Serialisation failure and deadlock: the database asks to run the transaction again."""
_BUSY_STATES = {
    "55P03": "lock_timeout",
    "57014": "statement_timeout",
    "53300": "database_busy",
    "25P03": "database_busy",
}
_ATTEMPTS = 4
LOCK_TIMEOUT_MS = 8_000
"""Less than the default deadline of a call, so that the caller still hears why."""


class Tx:
    """One unit of work; use cases get it as their first argument.

    Attributes:
        actor: Who asks.
        now: The instant at which this unit of work happens, aware UTC.
        service: Name of the service whose database this is.
        correlation_id, causation_id: Carried into the events that this work publishes.
    """

    def __init__(
        self,
        database: "Database",
        engine: Engine,
        actor: Actor,
        now: datetime,
        correlation_id: str = "",
        causation_id: str = "",
    ) -> None:
        self.database = database
        self._engine = engine
        self._connection: Connection | None = None
        self.actor = actor
        self.now = now
        self.service = database.name
        self.correlation_id = correlation_id or new_id()
        self.causation_id = causation_id
        self._after_commit: list[Callable[[], None]] = []

    @property
    def connection(self) -> Connection:
        """Return the connection; taken from the pool at first use, so a refusal costs none."""
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.begin()
        return self._connection

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | list[Any] | None = None
    ) -> CursorResult[Any]:
        """Run one statement."""
        return self.connection.execute(statement, parameters)

    def row(self, statement: Executable, **parameters: Any) -> Row[Any] | None:
        """Return the only row of a statement, or None."""
        return self.connection.execute(statement, parameters or None).one_or_none()

    def rows(self, statement: Executable, **parameters: Any) -> list[Row[Any]]:
        """Return all rows of a statement."""
        # PERF: all at once; an iteration fetches row by row.
        return list(self.connection.execute(statement, parameters or None).all())

    def value(self, statement: Executable, **parameters: Any) -> Any:
        """Return the first column of the only row, or None."""
        return self.connection.execute(statement, parameters or None).scalar_one_or_none()

    def level(self, permission: str) -> Level:
        """Return how far a permission reaches for the actor."""
        return self.actor.level(permission)

    def visible(self, permission: str, owner: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the predicate own / team / all of a permission over an owner column."""
        people = self.database.metadata.tables["people"]
        return visible(self.actor, permission, owner, people)

    def publish(self, *events: DomainEvent) -> None:
        """Append events to the outbox; call it after the aggregate was saved.

        The row lock of the aggregate then spans the insert, so ids within one aggregate follow
        its commits.
        """
        from chassis.outbox import append

        catalogue = self.database.catalogue
        if catalogue is None:
            raise RuntimeError(f"{self.service} has no event catalogue")
        append(
            self,
            [
                catalogue.envelope(
                    event,
                    now=wire_json.instant(self.now),
                    actor=self.actor.id,
                    correlation=self.correlation_id,
                    causation=self.causation_id,
                )
                for event in events
            ],
        )

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run something once the transaction is durable; it must not raise or wait."""
        self._after_commit.append(call)

    def end(self, what: str) -> None:
        """Commit, then run what waits for the commit."""
        if self._connection is not None:
            crash.point("before_commit", what)
            self._connection.commit()
            crash.point("after_commit", what)
        self.close()
        for call in self._after_commit:
            call()

    def close(self) -> None:
        """Give the connection back; what was not committed is rolled back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class Database:
    """One service's database: engine, transactions, retries.

    Attributes:
        name: The service; also picks the URL from the settings.
        metadata: All tables of the service, the chassis' included.
        catalogue: The events that the service publishes.
        conflicts: Name of a unique constraint → code of the Conflict that its violation is.
    """

    def __init__(
        self,
        name: str,
        metadata: MetaData,
        catalogue: EventCatalogue | None = None,
        conflicts: Mapping[str, str] | None = None,
        url: str | None = None,
        pool_size: int | None = None,
        statement_timeout_ms: int | None = None,
    ) -> None:
        self.name = name
        self.metadata = metadata
        self.catalogue = catalogue
        self.conflicts = dict(conflicts or {})
        self._url = url
        self._pool_size = pool_size
        self._statement_timeout_ms = statement_timeout_ms

    @cached_property
    def engine(self) -> Engine:
        """Return the engine; made at first use, after fork and patching."""
        config = settings()
        timeout = self._statement_timeout_ms or config.statement_timeout_ms
        options = (
            f"-c statement_timeout={timeout} -c lock_timeout={LOCK_TIMEOUT_MS} "
            "-c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
        )
        return create_engine(
            self._url or config.database_url(self.name),
            pool_size=self._pool_size or config.db_pool_size,
            max_overflow=0,
            pool_timeout=config.db_pool_timeout,
            pool_use_lifo=True,
            hide_parameters=True,  # They are people's data, and a failure's text goes to the log.
            json_serializer=wire_json.dumps_text,
            json_deserializer=wire_json.loads,
            connect_args={
                "options": options,
                "connect_timeout": 5,
                "application_name": f"omnibus-{self.name}",
            },
        )

    @cached_property
    def _snapshot_engine(self) -> Engine:
        return self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @cached_property
    def _plain_engine(self) -> Engine:
        return self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def transaction(
        self,
        actor: Actor,
        *,
        now: datetime | None = None,
        read_only: bool = False,
        snapshot: bool = True,
        correlation_id: str = "",
        causation_id: str = "",
        what: str = "transaction",
    ) -> Iterator[Tx]:
        """Open one transaction; it commits when the block ends without an exception.

        Args:
            snapshot: False for a read each of whose statements is a snapshot of its own; it saves
                the two round trips of a transaction. Only with `read_only`.
        """
        engine = self._snapshot_engine if read_only else self.engine
        if read_only and not snapshot:
            engine = self._plain_engine
        tx = Tx(self, engine, actor, now or clock.now(), correlation_id, causation_id)
        try:
            yield tx
            tx.end(what)
        finally:
            tx.close()

    def run(self, work: Callable[[Tx], T], actor: Actor, **options: Any) -> T:
        """Run a unit of work, again if the database asks for it.

        Args:
            work: Called with a fresh `Tx`; may be called several times.
            options: As for `transaction`.

        Raises:
            Conflict: The code registered for a violated unique constraint.
            Unavailable: `database_unavailable`, `database_busy`, `lock_timeout`,
                `statement_timeout`.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self.transaction(actor, **options) as tx:
                    result = work(tx)
                return result
            except CRMError:
                raise
            except exc.TimeoutError as error:
                raise Unavailable("database_busy", retry_after=1) from error
            except exc.DBAPIError as error:
                refusal = self._translate(error)
                again = getattr(error.orig, "sqlstate", None) in _RETRY_STATES
                if not again or attempt == _ATTEMPTS:
                    if refusal is None:
                        raise
                    raise refusal from error
                time.sleep(random.uniform(0.005, 0.02) * 2**attempt)
        raise AssertionError("unreachable")

    def _translate(self, error: exc.DBAPIError) -> CRMError | None:
        state = getattr(error.orig, "sqlstate", None)
        if state == "23505":
            diag = getattr(error.orig, "diag", None)
            code = self.conflicts.get(getattr(diag, "constraint_name", "") or "")
            return Conflict(code) if code else None
        if state in _RETRY_STATES:
            return Unavailable("database_busy", retry_after=1)
        if state in _BUSY_STATES:
            return Unavailable(_BUSY_STATES[state], retry_after=1)
        if error.connection_invalidated or (state or "").startswith(("57P", "08")):
            return Unavailable("database_unavailable", retry_after=1)
        if isinstance(error, exc.OperationalError):
            return Unavailable("database_unavailable", retry_after=1)
        return None

    def ping(self) -> bool:
        """Return whether the database answers a trivial statement."""
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("select 1")
        except exc.SQLAlchemyError:
            return False
        return True

    def revision(self) -> str | None:
        """Return the schema revision that the database is at."""
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql("select version_num from alembic_version").first()
        return found[0] if found else None

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()
