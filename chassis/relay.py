"""The message relay: publishes what is committed, and deletes it once it is confirmed.

Plain Python and pika, no eventlet. One relay per database is active, by advisory lock; a second one
waits and takes over. LISTEN/NOTIFY wakes it, a timer is the backstop. Rows go out in id order, one
batch in flight, persistent and mandatory; a row goes only when the broker confirmed it and did not
return it. A crash in between publishes twice, which the inbox of every consumer absorbs.
"""

import contextlib
import logging
import os
import signal
import threading
from typing import Any

import pika
import psycopg
from sqlalchemy.engine import make_url

from chassis import clock, crash, metrics
from chassis.amqp import ConfirmedPublisher, Link, Loop
from chassis.health import Health
from chassis.settings import DATABASES, settings

log = logging.getLogger(__name__)

_BACKSTOP_SECONDS = 1.0
_LOCK_SECONDS = 1.0
_LOCK = "select pg_try_advisory_lock(hashtext('omnibus-relay'))"
_SELECT = (
    "select id, event_id, type, body::text, trace, extract(epoch from created_at) from outbox"
    " order by id limit 500"
)
# Not marked and swept later: the event log keeps every event, and a delete writes half as much.
_DELETE = "delete from outbox where id = any(%s)"
_LAG = "select count(*), coalesce(extract(epoch from now() - min(created_at)), 0) from outbox"


class Relay:
    """The relay of one database; runs in a loop of its own."""

    def __init__(self, name: str, database_url: str, amqp_url: str) -> None:
        self.name = name
        self.loop = Loop()
        self.link = Link(self.loop, amqp_url, f"relay {name}", self._up, self._down)
        self.publisher = ConfirmedPublisher(self.link)
        self.beat = clock.monotonic()
        self._conninfo = make_url(database_url).set(drivername="postgresql")
        self._connection: psycopg.Connection[Any] | None = None
        self._descriptor = -1
        self._active = False
        self._declared = False
        self._outstanding = 0
        self._confirmed: list[int] = []
        self._stopping = False
        self._failures = 0

    @property
    def ready(self) -> bool:
        """Return whether broker and database are there; a standby is ready too."""
        return self._connection is not None and self.publisher.channel is not None

    def run(self) -> None:
        """Relay until `stop`."""
        self.link.start()
        self.loop.call(self._turn)
        self.loop.run()

    def stop(self) -> None:
        """Wait for the batch in flight, then close; from any thread."""

        def begin() -> None:
            self._stopping = True
            self._finish(clock.monotonic() + 5)

        self.loop.call(begin)

    def _finish(self, until: float) -> None:
        if self._outstanding and clock.monotonic() < until and self.link.up:
            self.loop.later(0.05, lambda: self._finish(until))
            return
        self._close_database()
        self.link.close(self.loop.stop)

    # -- broker -----------------------------------------------------------------------------

    def _up(self, connection: Any) -> None:
        def opened(channel: Any) -> None:
            channel.exchange_declare(
                f"{self.name}.events",
                exchange_type="topic",
                durable=True,
                callback=lambda _: self.publisher.open(self._work),
            )

        connection.channel(on_open_callback=opened)

    def _down(self) -> None:
        self.publisher.down()

    # -- database ---------------------------------------------------------------------------

    def _turn(self) -> None:
        """The backstop: look for work whatever the notifications say."""
        self.beat = clock.monotonic()
        if self._stopping:
            return
        # The next look is certain before anything can fail in this one.
        self.loop.later(_BACKSTOP_SECONDS if self._active else _LOCK_SECONDS, self._turn)
        self._measure()  # First: a batch that no queue takes would be in flight at every look.
        self._work()

    def _connect(self) -> bool:
        if self._connection is not None:
            return True
        connection: psycopg.Connection[Any] | None = None
        try:
            connection = psycopg.connect(
                self._conninfo.render_as_string(hide_password=False),
                autocommit=True,
                connect_timeout=3,
                application_name=f"omnibus-relay-{self.name}",
                options="-c statement_timeout=10000 -c lock_timeout=5000",
            )
            connection.execute("listen outbox")
        except psycopg.Error as error:
            if connection is not None:
                connection.close()
            self._database_failed(error)
            return False
        self._connection = connection
        # A descriptor of our own: psycopg closes its one as soon as the server is gone, and then
        # the loop could neither forget it nor tell it from the next file of that number.
        self._descriptor = os.dup(connection.fileno())
        self.loop.io.add_handler(self._descriptor, lambda *_: self._notified(), self.loop.io.READ)
        self._failures = 0
        return True

    def _close_database(self) -> None:
        if self._descriptor >= 0:
            self.loop.io.remove_handler(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
        self._connection = None
        self._active = False
        metrics.RELAY_ACTIVE.labels(self.name).set(0)

    def _database_failed(self, error: Exception) -> None:
        self._failures += 1
        if self._failures in (1, 10) or self._failures % 60 == 0:
            log.warning(
                "relay_database_down", extra={"database": self.name, "why": type(error).__name__}
            )
        self._close_database()

    def _notified(self) -> None:
        if self._connection is None:
            return
        try:
            # Reads what is there and returns at once.
            list(self._connection.notifies(timeout=0))
        except psycopg.Error as error:
            self._database_failed(error)
            return
        self._work()

    def _work(self) -> None:
        """Publish the next batch, if nothing is in flight and this relay is the active one."""
        if self._outstanding or self._stopping or self.publisher.channel is None:
            return
        if not self._connect():
            return
        connection = self._connection
        assert connection is not None
        try:
            if not self._active:
                row = connection.execute(_LOCK).fetchone()
                self._active = bool(row and row[0])
                metrics.RELAY_ACTIVE.labels(self.name).set(int(self._active))
                if not self._active:
                    return
                log.info("relay_active", extra={"database": self.name})
            rows = connection.execute(_SELECT).fetchall()
        except psycopg.Error as error:
            self._database_failed(error)
            return
        if rows:
            self._publish(rows)

    def _publish(self, rows: list[Any]) -> None:
        self._outstanding = len(rows)
        self._confirmed = []
        self._batch = len(rows)
        for row_id, event_id, kind, body, trace, _created in rows:
            properties = pika.BasicProperties(
                content_type="application/json",
                delivery_mode=2,
                message_id=str(event_id),
                type=kind,
                headers={"traceparent": trace} if trace else {},
            )
            crash.point("before_publish", f"relay.{kind}")
            self.publisher.publish(
                f"{self.name}.events",
                kind,
                body.encode(),
                properties,
                lambda taken, row_id=row_id: self._taken(row_id, taken),  # type: ignore[misc]
            )
            crash.point("after_publish", f"relay.{kind}")

    def _taken(self, row_id: int, taken: bool) -> None:
        self._outstanding -= 1
        if taken:
            self._confirmed.append(row_id)
        metrics.OUTBOX_PUBLISHED.labels(self.name, "confirmed" if taken else "refused").inc()
        if self._outstanding == 0:
            self._mark()

    def _mark(self) -> None:
        confirmed, refused = self._confirmed, self._batch - len(self._confirmed)
        if confirmed and self._connection is not None:
            try:
                crash.point("before_mark", f"relay.{self.name}")
                self._connection.execute(_DELETE, [confirmed])
                crash.point("after_mark", f"relay.{self.name}")
            except psycopg.Error as error:
                self._database_failed(error)  # They go out again; consumers drop the repeat.
                return
        if refused:
            # No queue would take them, or the connection dropped: they wait for the next turn.
            log.warning("outbox_refused", extra={"database": self.name, "events": refused})
        elif not self._stopping:
            self.loop.call(self._work)

    def _measure(self) -> None:
        if self._connection is None or not self._active or self._outstanding:
            return
        try:
            row = self._connection.execute(_LAG).fetchone()
            assert row is not None
            metrics.OUTBOX_UNSENT.labels(self.name).set(row[0])
            metrics.OUTBOX_AGE.labels(self.name).set(float(row[1]))
        except psycopg.Error as error:
            self._database_failed(error)


def main() -> int:
    """Run the relays of `RELAY_DATABASES` (all five by default), a thread each; until SIGTERM."""
    from chassis import logging as logs

    logs.configure("relay")
    config = settings()
    names = os.environ.get("RELAY_DATABASES", ",".join(DATABASES)).split(",")
    relays = [Relay(name, config.database_url(name), config.amqp_url) for name in names]
    threads = [threading.Thread(target=relay.run, name=relay.name) for relay in relays]
    health = Health({relay.name: lambda relay=relay: relay.ready for relay in relays}, 60.0)  # type: ignore[misc]
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    for thread in threads:
        thread.start()
    health.serve(config.health_host, config.health_port)
    while not stop.wait(1.0):
        if all(clock.monotonic() - relay.beat < 30 for relay in relays):
            health.beat()
    health.draining = True
    for relay in relays:
        relay.stop()
    for thread in threads:
        thread.join(10)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
